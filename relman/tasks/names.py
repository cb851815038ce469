"""The names of the tasks that can be typed here: relman's, and those of the repository's ``tasks.py``."""

from __future__ import annotations

import sys

from invoke.collection import Collection


def commands() -> frozenset[str]:
    """Every name, the shorter ones of default tasks too."""
    from relman.tasks import ns

    module = sys.modules.get("tasks")  # what the command line has loaded
    here = [Collection.from_module(module)] if module and hasattr(module, "__file__") else []
    known = [collection.task_names for collection in (ns, *here)]
    return frozenset(name for names in known for task, short in names.items() for name in (task, *short))
