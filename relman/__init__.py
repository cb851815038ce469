"""relman: ship services to Cloud Run, always be able to go back, keep one record.

What it is not: imported whole. The public names are handed in when they are asked for (PEP 562), so
that ``import relman`` costs nothing and a rollback never waits for what it does not use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relman.app import Relman
    from relman.errors import RelmanError
    from relman.models import Candidate, Event, Release, ServiceKey, TrafficSplit, Verdict
    from relman.opening import for_rollback, here
    from relman.plan import Plan, plan_first_release, plan_prepare, plan_release, plan_rollback

_HOMES = {
    "Candidate": "models",
    "Event": "models",
    "Plan": "plan",
    "Release": "models",
    "Relman": "app",
    "RelmanError": "errors",
    "ServiceKey": "models",
    "TrafficSplit": "models",
    "Verdict": "models",
    "for_rollback": "opening",
    "here": "opening",
    "plan_first_release": "plan",
    "plan_prepare": "plan",
    "plan_release": "plan",
    "plan_rollback": "plan",
}

__all__ = [
    "Candidate",
    "Event",
    "Plan",
    "Release",
    "Relman",
    "RelmanError",
    "ServiceKey",
    "TrafficSplit",
    "Verdict",
    "for_rollback",
    "here",
    "plan_first_release",
    "plan_prepare",
    "plan_release",
    "plan_rollback",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name's module, and hand the name on."""
    if name not in _HOMES:
        raise AttributeError(f"module 'relman' has no attribute {name!r}")
    return getattr(import_module(f"relman.{_HOMES[name]}"), name)
