"""What the platform keeps and what it must look like: Google's messages, rules, defaults, the store."""
