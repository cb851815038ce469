"""The format ``relman-window-cases/1``: what a schedule answers, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from relman import clock, config
from relman.errors import ConfigError, UsageError
from relman.ops import windows

from .case import Case

_PARTS = {"schedules", "cases", "invalid_now", "invalid_schedules"}

Entry = dict[str, Any]


def cases(document: Entry) -> Iterator[Case]:
    """Every case of a document of this format; a part that is not known is no part to skip."""
    parts = {key for key, value in document.items() if not isinstance(value, str)}
    if unknown := sorted(parts - _PARTS):
        raise ValueError(f"unknown parts {unknown}")
    schedules = document.get("schedules", {})
    checks = {"cases": _answers, "invalid_now": _refuses_now, "invalid_schedules": _refuses_schedule}
    for section, check in checks.items():
        for entry in document.get(section, ()):
            named = entry["schedule"]
            schedule = schedules[named] if isinstance(named, str) else named
            yield Case(entry["id"], partial(check, schedule, entry))


def _schedule(document: Entry) -> tuple[config.Schedule, list[config.Override]]:
    """A schedule and the overrides that only case files keep beside it (ruling 17)."""
    written = {key: value for key, value in document.items() if key != "overrides"}
    overrides = [config.override(entry) for entry in document.get("overrides", ())]
    return config.schedule(written), overrides


def _answers(document: Entry, entry: Entry) -> None:
    schedule, overrides = _schedule(document)
    found = windows.answer(schedule, clock.instant(entry["now"]), overrides)
    expected = {key: _moment(value) for key, value in entry["expect"].items()}
    assert expected, "a case that expects nothing"
    told = f"{entry.get('title', '')}: {entry.get('hand_check', '')}"
    assert {key: getattr(found, key) for key in expected} == expected, told


def _moment(value: bool | str | None) -> bool | datetime | None:  # noqa: FBT001  (whatever the file says)
    return clock.instant(value) if isinstance(value, str) else value


def _refuses_now(document: Entry, entry: Entry) -> None:
    schedule, overrides = _schedule(document)
    with pytest.raises((UsageError, ValueError)):
        windows.answer(schedule, datetime.fromisoformat(entry["now"]), overrides)


def _refuses_schedule(document: Entry, _entry: Entry) -> None:
    with pytest.raises(ConfigError):
        _schedule(document)
