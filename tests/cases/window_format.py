"""The format ``relman-window-cases/1``: what a schedule answers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from relman import clock, config
from relman.errors import UsageError
from relman.ops import windows

from .case import Case, named, parted, refused, unknown

Entry = dict[str, Any]


def cases(document: Entry) -> Iterator[Case]:
    """Every case of a document of this format; a part that is not known is no part to skip."""
    if others := unknown(document, set(_CHECKS)):
        raise ValueError(f"unknown parts {others}")
    for section, check in _CHECKS.items():
        for entry in document.get(section) or ():
            schedule = named(document.get("schedules"), entry.get("schedule"))
            yield Case(entry["id"], partial(check, schedule, entry))


def _schedule(document: Any) -> tuple[config.Schedule, list[config.Override]]:
    written, beside = parted(document, "overrides")
    overrides = [config.override(entry) for entry in beside]
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
    with pytest.raises((UsageError, ValueError, TypeError)):
        windows.answer(schedule, datetime.fromisoformat(entry["now"]), overrides)


def _refuses_schedule(document: Entry, _entry: Entry) -> None:
    refused(lambda: _schedule(document))


_CHECKS: dict[str, Callable[[Entry, Entry], None]] = {
    "cases": _answers,
    "invalid_now": _refuses_now,
    "invalid_schedules": _refuses_schedule,
}
