"""The demonstration: real releases of the example service, in a repository and on a platform of its own.

What it is not: a recording. ``story`` runs the commands that people type, ``client`` is a user who
counts what gets lost meanwhile, ``stage`` is what both need and what is taken down afterwards.
"""

from relman.demo.story import tell

__all__ = ["tell"]
