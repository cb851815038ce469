"""relman.toml: one file, typed, frozen, and every mistake in it named with its line.

What it is not: a reader of the environment or of flags. What those say is handed in, by
:meth:`Platform.for_run` and :meth:`Config.select`. ``words`` has the shapes of single values,
``sections`` and ``schedule`` the sections, ``reading`` the way from the file to them, ``target``
the choice of service and environment, ``lines`` and ``source`` the line numbers.
"""

from relman.config.duties import Backlog, Domain, Raci, Review, Severities, Severity, Touchpoint
from relman.config.people import Model, Person, Role
from relman.config.reading import find, load, load_for_rollback
from relman.config.rota import Escalation, Layer, Replacement, Rota, escalation, replacement, rota
from relman.config.schedule import Freeze, Holiday, Override, Schedule, Window, override, schedule
from relman.config.sections import Ledger, Platform, Sections, Service, Settings, schema
from relman.config.source import NAME
from relman.config.target import Config, Target, default_image
from relman.config.versions import Versions
from relman.config.words import duration

__all__ = [
    "NAME",
    "Backlog",
    "Config",
    "Domain",
    "Escalation",
    "Freeze",
    "Holiday",
    "Layer",
    "Ledger",
    "Model",
    "Override",
    "Person",
    "Platform",
    "Raci",
    "Replacement",
    "Review",
    "Role",
    "Rota",
    "Schedule",
    "Sections",
    "Service",
    "Settings",
    "Severities",
    "Severity",
    "Target",
    "Touchpoint",
    "Versions",
    "Window",
    "default_image",
    "duration",
    "escalation",
    "find",
    "load",
    "load_for_rollback",
    "override",
    "replacement",
    "rota",
    "schedule",
    "schema",
]
