"""The operating model."""
