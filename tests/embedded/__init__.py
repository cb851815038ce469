"""The embedded platform, met over its wire."""
