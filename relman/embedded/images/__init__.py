"""Builds without Docker: sources, layers, the OCI layout."""
