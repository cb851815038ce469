"""From messages to a version: the parser, histories, precedence, and git itself."""
