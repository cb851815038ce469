"""The words of relman.toml: values of one shape, each refusing whatever does not fit.

What it is not: the sections that these words stand in (``sections``, ``schedule``).

Most words are strings still, so they print, compare and hash as what the person wrote. Each class
says its shape twice: ``shape`` in words for the error, ``schema`` for editors.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from relman.config.near import did_you_mean
from relman.errors import UsageError, repeated
from relman.models import PERCENT

_FIRST, _LAST = (end.replace(tzinfo=UTC) for end in (datetime.min, datetime.max))  # noqa: DTZ901
_HOUR = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Word(str):
    """A string that matches the whole of ``pattern``; anything else is a ValueError."""

    __slots__ = ()
    shape: ClassVar[str]
    pattern: ClassVar[str]

    def __new__(cls, text: object) -> Self:
        """The text itself, if it fits."""
        if isinstance(text, date | time):  # TOML writes dates and times without quotes as well
            text = text.isoformat()
        if not isinstance(text, str) or not cls.fits(text):
            raise ValueError(f"expected {cls.shape}, got {repeated(text)}{cls.hint(text)}")
        return super().__new__(cls, text)

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether the text has this shape."""
        return re.fullmatch(cls.pattern, text, re.ASCII) is not None

    @classmethod
    def hint(cls, _text: object) -> str:
        """What may have been meant, to append to the error; empty where nothing is near."""
        return ""

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The shape as JSON Schema."""
        return {"type": "string", "pattern": f"^({cls.pattern})$", "description": cls.shape}


class Choice(Word):
    """One of a few words."""

    __slots__ = ()
    values: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        """Derive shape and pattern from the values."""
        cls.shape = f"one of {', '.join(cls.values)}"
        cls.pattern = "|".join(cls.values)

    @classmethod
    def hint(cls, text: object) -> str:
        """The nearest of the values."""
        return did_you_mean(text, cls.values)


class Profile(Choice):
    """How much is asked before a cut (ruling 16)."""

    __slots__ = ()
    values = ("solo", "team")


class Mode(Choice):
    """Whether a gate that somebody may lift refuses, or only advises."""

    __slots__ = ()
    values = ("advise", "enforce")


class Overrun(Choice):
    """What a run does when the window closes in the middle of it."""

    __slots__ = ()
    values = ("finish", "hold", "return")


class Day(Choice):
    """A day of the week."""

    __slots__ = ()
    values = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

    @property
    def number(self) -> int:
        """0 for Monday, as ``datetime.weekday`` counts."""
        return self.values.index(self)


class Duration(Word):
    """A length of time: ``250ms``, ``90s``, ``10m``, ``2h``, ``14d``."""

    __slots__ = ()
    shape = "a duration such as '90s', '10m', '2h' or '14d'"
    pattern = r"\d{1,9}(\.\d{1,9})?(ms|s|m|h|d)"

    @property
    def seconds(self) -> float:
        """The length in seconds; a day has 86 400."""
        number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", self).groups()  # type: ignore[union-attr]
        return float(number) * _SECONDS[unit]


def duration(text: str) -> float:
    """The seconds of a duration that a person wrote, in a flag for instance.

    Raises:
        UsageError: The text is no duration.
    """
    try:
        return Duration(text).seconds
    except ValueError as error:
        raise UsageError("not a duration", fact=str(error)) from None


class LocalTime(Word):
    """A time of day on the wall; ``24:00`` is the midnight that ends the day."""

    __slots__ = ()
    shape = "a time of day such as '10:00' (24:00 as an end only)"
    pattern = rf"{_HOUR}|24:00(:00)?"

    @property
    def since_midnight(self) -> timedelta:
        """How far the hands have moved since midnight; wall time, not elapsed time."""
        hours, minutes, *seconds = (int(part) for part in self.split(":"))
        return timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


class Zone(Word):
    """A zone of the IANA database that the ``tzdata`` package knows.

    The machine's own files are not asked what exists: ``localtime`` or ``right/Europe/Berlin``
    would mean another time on another machine.
    """

    __slots__ = ()
    shape = "an IANA time zone such as 'Europe/Berlin'"
    pattern = r"[A-Za-z][A-Za-z0-9_+\-/]*"

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether there is such a zone; never guessed, never read as UTC."""
        return text in _zones()

    @classmethod
    def hint(cls, text: object) -> str:
        """The nearest zone."""
        return did_you_mean(text, _zones())

    @property
    def info(self) -> ZoneInfo:
        """The rules of the zone."""
        return ZoneInfo(self)

    def instant(self, wall: datetime) -> datetime:
        """The instant, in UTC, of a naive wall-clock time here (RFC 5545 section 3.3.5).

        ``fold=0`` is that rule: the first of two occurrences, and for a time that does not exist
        the offset in force before the gap. Times beyond the calendar are clamped to its ends.
        """
        try:
            return wall.replace(tzinfo=self.info, fold=0).astimezone(UTC)
        except OverflowError:
            return _LAST if wall.year > 1 else _FIRST


@cache
def _zones() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


class LocalMoment(Word):
    """A date, or a local date-time without an offset; read in the zone of the schedule."""

    __slots__ = ()
    shape = "a date such as '2026-12-18' or a local date-time such as '2026-12-18T09:00'"
    pattern = rf"\d{{4}}-\d\d-\d\d(T{_HOUR}(\.\d{{1,6}})?)?"

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether it has the shape and the calendar has such a day."""
        try:
            return super().fits(text) and datetime.fromisoformat(text) is not None
        except ValueError:
            return False

    @property
    def first(self) -> datetime:
        """The wall-clock time at which it begins."""
        return datetime.fromisoformat(self)

    @property
    def last(self) -> datetime:
        """The wall-clock time at which it is over: of a date, the midnight that ends the day."""
        whole_day = "T" not in self and self.first.date() != date.max
        return self.first + timedelta(days=1) if whole_day else self.first


class Text(Word):
    """Any text but the empty one."""

    __slots__ = ()
    shape = "a text that is not empty"
    pattern = r"\s*[^\s\0][^\0]*"


class ServiceName(Word):
    """The id of a Cloud Run service, short enough for relman's tags.

    Cloud Run takes 49 characters. Tag and service name together may have 46, as the tag's URL puts
    them into one DNS label, and the candidate's tag takes 7 of them (``c-`` and five hex digits).
    """

    __slots__ = ()
    shape = (
        "the id of a Cloud Run service: lowercase letters, digits and hyphens, a letter first, "
        "at most 39 characters (Cloud Run takes 49; the candidate's tag needs the rest)"
    )
    pattern = r"[a-z]([a-z0-9-]{0,37}[a-z0-9])?"


class EnvironmentName(Word):
    """The name of an environment."""

    __slots__ = ()
    shape = "an environment's name: lowercase letters, digits and hyphens, a letter first"
    pattern = r"[a-z]([a-z0-9-]{0,37}[a-z0-9])?"


class Project(Word):
    """The id of a Google Cloud project.

    Google asks for six characters at least; the embedded platform takes shorter ones. The part up
    to a colon is the domain of a domain-scoped project.
    """

    __slots__ = ()
    shape = "a project id: lowercase letters, digits and hyphens, a letter first, at most 30 characters"
    pattern = r"([a-z0-9.-]+:)?[a-z]([a-z0-9-]{0,28}[a-z0-9])?"


class Region(Word):
    """A Google Cloud region."""

    __slots__ = ()
    shape = "a region such as 'europe-west1'"
    pattern = r"[a-z]+(-[a-z]+)+\d{1,2}"


class Image(Word):
    """The name of an image repository: no tag and no digest, because relman adds the digest."""

    __slots__ = ()
    shape = "an image name without tag or digest, such as 'europe-west1-docker.pkg.dev/acme/web/api'"
    pattern = r"[a-z0-9.-]+(:\d+)?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)+"


class Endpoint(Word):
    """Where an API answers: scheme, host and port, no path."""

    __slots__ = ()
    shape = "an http or https URL without a path, such as 'http://127.0.0.1:8085'"
    pattern = r"https?://[^/@?#\s]+"

    def __new__(cls, text: object) -> Self:
        """The URL, without the slash that people put at its end."""
        return super().__new__(cls, text.removesuffix("/") if isinstance(text, str) else text)

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether host and port can be read."""
        try:
            parts = urlsplit(text)
            return super().fits(text) and bool(parts.hostname) and parts.port != 0
        except ValueError:
            return False

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine: 127.0.0.0/8, ::1 or localhost. No name is resolved."""
        host = urlsplit(self).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


class Phases(tuple[int, ...]):
    """The traffic percentages of a rollout: they rise, from 1 at least, and end at 100."""

    __slots__ = ()
    shape: ClassVar[str] = "percentages that rise and end at 100, such as [20, 50, 100]"

    def __new__(cls, percents: object) -> Self:
        """The percentages, if a rollout can go through them."""
        if not isinstance(percents, list | tuple) or not cls.fits(percents):
            raise ValueError(f"expected {cls.shape}, got {percents!r}")
        return super().__new__(cls, percents)

    @staticmethod
    def fits(percents: list[Any] | tuple[Any, ...]) -> bool:
        """Whether they are whole numbers that rise within 1..100 and end at 100."""
        whole = bool(percents) and all(type(percent) is int for percent in percents)
        rising = whole and all(lower < higher for lower, higher in pairwise(percents))
        return rising and percents[0] >= 1 and percents[-1] == PERCENT

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The shape as JSON Schema."""
        percent = {"type": "integer", "minimum": 1, "maximum": PERCENT}
        return {"type": "array", "items": percent, "minItems": 1, "description": cls.shape}


def read(kind: type[Any], value: object) -> Any:  # noqa: ANN401  (msgspec's own signature)
    """The ``dec_hook`` of msgspec: every word reads itself."""
    return kind(value)


def schema(kind: type[Any]) -> dict[str, Any]:
    """The ``schema_hook`` of msgspec: every word knows its shape."""
    described: dict[str, Any] = kind.schema()
    return described
