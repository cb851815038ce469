"""The first relman.toml of a repository."""
