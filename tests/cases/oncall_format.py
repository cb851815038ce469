"""The format ``relman-oncall-cases/1``: who is on call, how long, who is told, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from relman import clock, config
from relman.errors import UsageError
from relman.ops import escalation, load, oncall
from relman.ops.spans import Span

from .case import Case, bare, named, parted, refused, unknown

_SECONDS = 1e-6

Entry = dict[str, Any]


def cases(document: Entry) -> Iterator[Case]:
    """Every case of a document of this format; a part that is not known is no part to skip."""
    if others := unknown(document, set(_CHECKS)):
        raise ValueError(f"unknown parts {others}")
    for section, check in _CHECKS.items():
        for entry in document.get(section) or ():
            filled = {
                **entry,
                "schedule": named(document.get("schedules"), entry.get("schedule")),
                "policy": named(document.get("policies"), entry.get("policy")),
            }
            yield Case(entry["id"], partial(check, filled))


def _rota(document: Any) -> tuple[config.Rota, list[config.Replacement]]:
    written, beside = parted(document, "overrides")
    replacements = [config.replacement(entry) for entry in beside]
    return config.rota(written), replacements


def _expected(entry: Entry, known: set[str]) -> Entry:
    expected: Entry = entry["expect"]
    assert expected, "a case that expects nothing"
    if unknown := sorted(set(expected) - known):
        raise ValueError(f"the format has no expectation {unknown}")
    return expected


def _told(entry: Entry) -> str:
    return f"{entry.get('title', '')}: {entry.get('hand_check', '')}"


def _moment(value: str | None) -> datetime | None:
    return None if value is None else clock.instant(value)


# ── who is on call ───────────────────────────────────────────────────────────────────────────────


def _answers(entry: Entry) -> None:
    """Primary, next handoff and second are as expected."""
    rota, replacements = _rota(entry["schedule"])
    found = oncall.answer(rota, clock.instant(entry["now"]), replacements)
    expected = _expected(entry, {"primary", "next_handoff", "secondary"})
    if "primary" in expected:
        assert found.primary == expected["primary"], _told(entry)
    if "secondary" in expected:
        assert found.secondary == expected["secondary"], _told(entry)
    if "next_handoff" in expected:
        _hands_off(found.next_handoff, expected["next_handoff"], _told(entry))


def _hands_off(found: oncall.Handoff | None, expected: Entry | None, told: str) -> None:
    read = {"at": found.at, "to": found.to} if found else None
    filled = {**(read or {}), **expected, "at": clock.instant(expected["at"])} if expected else None
    assert read == filled, told


# ── how long ─────────────────────────────────────────────────────────────────────────────────────


def _span(entry: Entry) -> Span:
    return Span(clock.instant(entry["from"]), clock.instant(entry["to"]))


def _adds_up(entry: Entry) -> None:
    """The hours of each person, and those of nobody; who has none may be left out."""
    rota, replacements = _rota(entry["schedule"])
    found = load.load(rota, _span(entry), replacements)
    expected = _expected(entry, {"hours", "gap_hours", "gaps"})
    if "hours" in expected:
        hours = {one.person: one.hours for one in found.people}
        nought = dict.fromkeys({*hours, *expected["hours"]}, 0.0)
        told = pytest.approx({**nought, **expected["hours"]}, abs=_SECONDS)
        assert {**nought, **hours} == told, _told(entry)
    if "gap_hours" in expected:
        assert found.gap_hours == pytest.approx(expected["gap_hours"], abs=_SECONDS), _told(entry)
    if "gaps" in expected:
        pairs = [(gap["from"], gap["to"]) if isinstance(gap, dict) else gap for gap in expected["gaps"]]
        assert list(found.gaps) == [Span(*map(clock.instant, pair)) for pair in pairs], _told(entry)


# ── who is told ──────────────────────────────────────────────────────────────────────────────────


def _escalates(entry: Entry) -> None:
    """Everybody who is told, in order, and when nobody is left."""
    policy = config.escalation(bare(entry["policy"]))
    started, acknowledged = clock.instant(entry["started"]), _moment(entry.get("acknowledged"))
    found = escalation.course(policy, started, acknowledged, _resolving(entry.get("schedule")))
    expected = _expected(entry, {"notified", "exhausted_at"})
    if "notified" in expected:
        told = [escalation.Notified(clock.instant(one["at"]), one["user"]) for one in expected["notified"]]
        assert list(found.notified) == told, _told(entry)
    if "exhausted_at" in expected:
        assert found.exhausted_at == _moment(expected["exhausted_at"]), _told(entry)


def _resolving(schedule: Entry | None) -> escalation.Resolve:
    """Whoever is on call, or else the person of that name."""
    rota, replacements = _rota(schedule) if schedule else (None, [])
    return partial(escalation.people, rota, replacements, {})


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


def _refuses_now(entry: Entry) -> None:
    rota, replacements = _rota(entry["schedule"])
    with pytest.raises((UsageError, ValueError, TypeError)):
        oncall.answer(rota, datetime.fromisoformat(entry["now"]), replacements)


def _refuses_schedule(entry: Entry) -> None:
    refused(lambda: _rota(entry["schedule"]))


def _refuses_policy(entry: Entry) -> None:
    refused(lambda: config.escalation(bare(entry["policy"])))


def _refuses_hours(entry: Entry) -> None:
    rota, replacements = _rota(entry["schedule"])
    with pytest.raises((UsageError, ValueError, TypeError)):
        load.load(rota, Span(*(datetime.fromisoformat(entry[key]) for key in ("from", "to"))), replacements)


def _refuses_escalation(entry: Entry) -> None:
    with pytest.raises((UsageError, ValueError, TypeError)):
        _escalates({**entry, "expect": {"notified": []}})


_CHECKS: dict[str, Callable[[Entry], None]] = {
    "cases": _answers,
    "hours_cases": _adds_up,
    "escalation_cases": _escalates,
    "invalid_now": _refuses_now,
    "invalid_schedules": _refuses_schedule,
    "invalid_policies": _refuses_policy,
    "invalid_hours": _refuses_hours,
    "invalid_escalations": _refuses_escalation,
}
