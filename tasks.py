"""The tasks of this repository: relman ships itself with its own."""

from relman.tasks import ns

__all__ = ["ns"]
