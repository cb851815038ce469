"""Faults on demand: what can be made to go wrong, said as a value.

What it is not: the going wrong (``control.strikes``, ``dataplane.faults``), or which call it is done to
(``striking``). A fault is read here from the words of a command line, of JSON or of a test, and refused
with the list of what is known where it makes no sense.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

COUNTED = ("nth", "times", "rate", "seed")
"""How a fault chooses among the calls or requests that it is about."""
CALL = ("method", "service", "revision", *COUNTED)
REQUEST = ("service", "revision", "path", *COUNTED)
CODES = (
    *("ABORTED", "ALREADY_EXISTS", "DATA_LOSS", "DEADLINE_EXCEEDED", "FAILED_PRECONDITION", "INTERNAL"),
    *("INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"),
    *("UNAUTHENTICATED", "UNAVAILABLE", "UNIMPLEMENTED", "UNKNOWN"),
)
"""Canonical codes, as in https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto."""
FAILURES = frozenset(one.value for one in HTTPStatus if one >= HTTPStatus.BAD_REQUEST)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"([-+]?\d+(?:\.\d+)?)(ms|s|m|h|d)?")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9900, 1, 1, tzinfo=UTC)
"""Where a clock may stand: minutes are counted from 1970, and times that are reckoned from there exist."""
WHEN = "is a time with its offset between the years 1971 and 9900, like 2026-11-25T10:00:00Z"
MOST = 2**31
"""No number of calls is above it; every reader of JSON can hold it."""
LONGEST_S = 10 * 365 * 86400.0
"""Beyond that a clock leaves the years that a timestamp can have."""


class BadFault(ValueError):
    """No fault; the message says what is wrong, and what is known instead."""


class ReplyLost(Exception):
    """Carried out or not: who called is not to be answered, the connection ends."""


class Kind(NamedTuple):
    """What can go wrong.

    Attributes:
        place: Where: ``call`` (the APIs), ``request`` (a revision's users), ``platform``.
        about: What happens, for people.
        takes: The parameters that it knows, in the order in which they are told.
        needs: Of these, those of which one must be given.
        writes: It is about calls that change something, unless a method is named.
    """

    place: str
    about: str
    takes: tuple[str, ...]
    needs: tuple[str, ...] = ()
    writes: bool = False


KINDS: Mapping[str, Kind] = {
    "latency": Kind("call", "the call is carried out late", ("latency", *CALL), ("latency",)),
    "unavailable": Kind("call", "refused: UNAVAILABLE, 503", CALL),
    "exhausted": Kind("call", "refused: RESOURCE_EXHAUSTED, 429", CALL),
    "refused": Kind("call", "refused with --code", ("code", *CALL), ("code",)),
    "reply-lost": Kind("call", "carried out, then the connection ends without an answer", CALL, writes=True),
    "stale-etag": Kind(
        "call", "the service's etag changes just before a write, just after a read", CALL, writes=True
    ),
    "second-writer": Kind(
        "call",
        "somebody else changes the service just before the call, or after it (--when)",
        ("when", "to", *CALL),
        writes=True,
    ),
    "operation-hangs": Kind("call", "the change is made, its operation is never done", CALL, writes=True),
    "operation-fails": Kind(
        "call",
        "the operation fails late (--latency, --code); the change is made, or dropped (--change)",
        ("latency", "code", "change", *CALL),
        writes=True,
    ),
    "held": Kind("platform", "changes are taken in and do not come in force", ("service",)),
    "errors": Kind("request", "the revision answers with --status (500)", ("status", *REQUEST)),
    "slow": Kind("request", "the revision is given the request late", ("latency", *REQUEST), ("latency",)),
    "reset": Kind("request", "the connection is reset without an answer", REQUEST),
    "image-gone": Kind(
        "platform", "the image is deleted from the registry", ("image", "revision"), ("image", "revision")
    ),
    "clock": Kind("platform", "the platform's clock lies", ("offset", "at"), ("offset", "at")),
}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault.

    Attributes:
        kind: One of ``KINDS``.
        name: What it is listed and cleared by; the platform gives one.
        method: The API method, such as ``UpdateService``; default: each that the kind is about.
        service: The service, by its id or its full name; default: each.
        revision: The revision, by its id or its full name; default: each.
        path: Of a revision's requests, those whose path begins with one of these; default: each.
        nth: The first of the matching calls that is struck, counted from 1.
        times: How many are struck; 0 until the fault is cleared.
        rate: Percent of the matching calls from the nth on that are struck; exact per hundred.
        seed: Which of them: the same seed strikes the same ones.
        latency: Seconds.
        code: The canonical code, such as ``ABORTED``.
        status: The HTTP status, 400 or more.
        change: ``made`` or ``dropped``.
        when: ``before`` or ``after``.
        to: The revision that a second writer sends all traffic to; default: it writes an annotation.
        image: ``name:tag`` or ``name@sha256:…``.
        offset: Seconds that the clock is ahead of the true time, negative if it is behind.
        at: The time that the clock stands still at.
    """

    kind: str
    name: str = ""
    method: str = ""
    service: str = ""
    revision: str = ""
    path: tuple[str, ...] = ()
    nth: int = 1
    times: int = 0
    rate: float = 100.0
    seed: int = 0
    latency: float = 0.0
    code: str = "INTERNAL"
    status: int = 500
    change: str = "made"
    when: str = "before"
    to: str = ""
    image: str = ""
    offset: float = 0.0
    at: datetime | None = None


BEGINNINGS = ("CreateService", "UpdateService", "DeleteService", "DeleteRevision", "CreateBuild")
"""The methods that are answered with an operation."""
DROPPABLE = ("CreateService", "UpdateService")
READING = ("Get", "List", "Wait")
PARAMETERS = tuple(name for name in Fault.__struct_fields__ if name not in {"kind", "name"})


def fault_of(given: Mapping[str, Any]) -> Fault:
    """Read a fault; durations may be numbers of seconds or texts like ``500ms``, ``2s``, ``-2h``.

    One path may stand by itself.

    Raises:
        BadFault: It is none.
    """
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadFault(f"no kind of fault: {kind!r}{_meant(kind, KINDS)}; known are {_listed(KINDS)}")
    _check_names(kind, given)
    path = [given["path"]] if isinstance(given.get("path"), str) else given.get("path", [])
    timed = {key: _seconds(key, value) for key, value in given.items() if key in {"latency", "offset"}}
    try:
        fault = msgspec.convert({**given, **timed, "path": path}, Fault)
    except msgspec.ValidationError as error:
        said = f"at {WHEN}" if str(error).endswith("`$.at`") else error
        raise BadFault(f"kind {kind}: {said}") from error
    _check_values(fault)
    return fault


def about(fault: Fault, method: str) -> bool:
    """Whether a fault is about calls of a method."""
    if fault.method:
        return fault.method == method
    if fault.kind.startswith("operation-"):
        return method in _begun_by(fault)
    return not (KINDS[fault.kind].writes and method.startswith(READING))


def check_method(fault: Fault, known: Collection[str]) -> None:
    """See that the method that a fault names is one that it can be about.

    Args:
        fault: Which.
        known: Every method of the platform.

    Raises:
        BadFault: It is not.
    """
    can = _begun_by(fault) if fault.kind.startswith("operation-") else known
    if fault.method and fault.method not in can:
        dropping = " --change dropped" if fault.change == "dropped" else ""
        unknown = f"no method {fault.method!r}{_meant(fault.method, can)}"
        raise BadFault(f"kind {fault.kind}{dropping}: {unknown}; known are {_listed(can)}")


def _begun_by(fault: Fault) -> tuple[str, ...]:
    return DROPPABLE if fault.change == "dropped" else BEGINNINGS


def shown(fault: Fault) -> dict[str, Any]:
    """A fault as JSON has it: what was said, and no defaults."""
    found: dict[str, Any] = msgspec.to_builtins(fault)
    return found


def _check_names(kind: str, given: Mapping[str, Any]) -> None:
    known = KINDS[kind]
    for key in given:
        if key not in {"kind", "name", *known.takes}:
            raise BadFault(f"kind {kind} takes no {key!r}; it takes {_listed(known.takes)}")
    found = [key for key in known.needs if given.get(key)]
    if known.needs and len(found) != 1:
        which = "" if len(known.needs) == 1 else "exactly one of "
        raise BadFault(f"kind {kind} needs {which}{_listed(known.needs)}")


def _check_values(fault: Fault) -> None:
    """Say of the first value that cannot be, what it can be."""
    checks = [
        (not fault.name or NAME.fullmatch(fault.name), "name takes lower-case letters, digits and hyphens"),
        (1 <= fault.nth <= MOST, f"nth counts from 1, to {MOST} at most"),
        (0 <= fault.times <= MOST, f"times is a number of calls, at most {MOST}, 0 until cleared"),
        (abs(fault.seed) <= MOST, f"seed is at most {MOST}"),
        (0 < fault.rate <= 100, "rate is a percentage above 0 and up to 100"),  # noqa: PLR2004 - percent
        (0 <= fault.latency <= LONGEST_S, "latency is a time, like 500ms or 2s"),
        (abs(fault.offset) <= LONGEST_S, "offset is at most ten years"),
        (fault.code in CODES, f"code is one of {_listed(CODES)}"),
        (fault.status in FAILURES, "status is an HTTP status of a failure, like 500"),
        (fault.change in {"made", "dropped"}, "change is one of made, dropped"),
        (fault.when in {"before", "after"}, "when is one of before, after"),
        (all(path.startswith("/") for path in fault.path), "path begins with /"),
        (fault.at is None or (fault.at.tzinfo and EARLIEST <= fault.at <= LATEST), f"at {WHEN}"),
    ]
    for holds, sentence in checks:
        if not holds:
            raise BadFault(f"kind {fault.kind}: {sentence}")


def _seconds(key: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LONGEST_S:
        return float(value)
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadFault(f"{key} is a time, like 500ms, 2s or 10m, not {value!r}")
    return float(match[1]) * UNITS[match[2] or "s"]


def _meant(word: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
