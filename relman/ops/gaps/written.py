"""Operating documents as people write them, read into facts.

What it is not: a reader of Markdown. It knows the few shapes that such documents have:

- a list of roles under a heading with the word role: ``- **Ops Lead** (deputy: Eng Lead; Ops): owns uptime``,
  where the parentheses may give a deputy and other names
- days under a heading with "cadence": ``- **Wed**: Deploy window 10:00-16:00 Europe/Berlin, no holiday``
- meetings: ``- Release review (weekly, Tue): …``, ``- Reliability planning (monthly, first Tue): …``
- RACI rows anywhere: ``- Deploy/rollback: R=On-call, A=Eng Lead, C=Ops Lead, I=Support``
- numbered steps under a heading with the word escalation; people under a heading on-call rotation
- severities anywhere: ``- **P1**: the service is down; acknowledge within 5 min``
- SLOs anywhere: ``availability SLO: 99.9 % over 30 days``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from relman.config.words import Zone
from relman.errors import UsageError
from relman.ops.gaps.facts import Blemish, Facts, Item, Level, Line, Role, Row, Step, Window, has

BULLET: Final = re.compile(
    r"\s*[-*+]\s+(?:\[.\]\s+)?(?:\*\*(?P<bold>[^*]+)\*\*|(?P<plain>[^:(*]+?))\s*(?:\((?P<aside>[^)]*)\))?\s*:"
    r"\s*(?P<text>.*)"
)
NUMBERED: Final = re.compile(r"\s*\d+[).]\s+(?P<text>.+)")
HEADING: Final = re.compile(r"#+\s+(?P<text>.+)")
LETTER: Final = re.compile(r"\b([RACI])\s*=\s*([^,;=]+?)(?=\s*(?:[,;.]|$))")
DAY: Final = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)\w*", re.IGNORECASE)
NTH: Final = re.compile(r"\b(first|second|third|fourth|last|[1-4](st|nd|rd|th))\b", re.IGNORECASE)
RHYTHM: Final = re.compile(r"\b(biweekly|weekly|monthly|quarterly)\b", re.IGNORECASE)
HOURS: Final = re.compile(r"\b\d{1,2}:\d\d\s*(?:-|\u2013|to)\s*\d{1,2}:\d\d\b")
WORD: Final = re.compile(r"[A-Za-z][\w+\-]*(?:/[\w+\-]+)*")
SEVERITY: Final = re.compile(r"P[1-4]")
LENGTH: Final = re.compile(r"\b\d+\s*(s|sec|m|min|minutes?|h|hours?|d|days?|weeks?)\b", re.IGNORECASE)
PERCENT: Final = re.compile(r"\d\s*%")
LONGEST: Final = 1_000_000
"""Bytes of a document; a book has fewer."""

NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")


class Part(NamedTuple):
    """A line with the heading that it stands under, and what it says if it is a bullet with a label."""

    line: Line
    heading: str
    label: str = ""
    aside: str = ""
    text: str = ""


def read(documents: Iterable[tuple[str, str]]) -> Facts:
    """The facts of some documents, taken together.

    Args:
        documents: Each document's name and text.
    """
    parts = [part for name, text in documents for part in _parts(name, text)]
    return Facts(
        lines=tuple(part.line for part in parts),
        roles=tuple(_roles(parts)),
        rows=tuple(_rows(parts)),
        items=tuple(_items(parts)),
        window=_window(parts),
        rota=any(_of_rota(part) for part in parts),
        levels=tuple(_levels(parts)),
        slo=_slo(parts),
        steps=tuple(_steps(parts)),
        blemishes=tuple(blemishes(part.line for part in parts)),
    )


def opened(paths: Iterable[Path]) -> Facts:
    """The facts of some files, taken together.

    Raises:
        UsageError: One of them cannot be read, is no text, or is too long for one.
    """
    documents = []
    for path in paths:
        try:
            with path.open("rb") as file:
                raw = file.read(LONGEST + 1)
            documents.append((path.name, raw.decode("utf-8-sig")))
        except OSError as error:
            raise UsageError(f"{path} cannot be read", fact=str(error.strerror)) from None
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} cannot be read", fact=f"byte {error.start} is no UTF-8") from None
        if len(raw) > LONGEST:
            raise UsageError(f"{path} is no document that people read", fact=f"over {LONGEST:,} bytes")
    return read(documents)


def blemishes(lines: Iterable[Line]) -> Iterator[Blemish]:
    """What was left to do, to fill in, or to decode, in the order of the lines."""
    for line in lines:
        if re.search(r"\bTODO\b", line.text):
            yield Blemish("todo", re.sub(r".*?\bTODO\b:?\s*", "", line.text), line)
        if has(line.text, ("placeholder",)):
            yield Blemish("placeholder", _label(line.text), line)
        if meant := decoded(line.text):
            yield Blemish("mojibake", line.text.strip(" -*"), line, meant.strip(" -*"))


def decoded(text: str) -> str:
    """The text as it was before UTF-8 was read as Windows-1252; empty if nothing shows that it was."""
    mended = NOT_ASCII.sub(lambda run: _once(run[0]), text)
    return mended if mended != text else ""


def _once(run: str) -> str:
    """A run of characters, decoded once more if that can be done."""
    try:
        return b"".join(_byte(one) for one in run).decode("utf-8")
    except UnicodeError:
        return run


def _byte(character: str) -> bytes:
    """The byte of a character; Windows-1252 leaves five bytes undefined, which programs let through."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def _label(text: str) -> str:
    found = BULLET.match(text)
    return (found["bold"] or found["plain"]).strip() if found else text.strip()


def _parts(name: str, text: str) -> Iterator[Part]:
    heading = ""
    for number, content in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = Line(name, number, content)
        if found := HEADING.match(content):
            heading = found["text"]
        bullet = BULLET.match(" ".join(content.split()))  # a line of blanks would be tried in every way
        if bullet and not found:
            label = (bullet["bold"] or bullet["plain"]).strip()
            yield Part(line, heading, label, bullet["aside"] or "", bullet["text"])
        else:
            yield Part(line, heading)


def _roles(parts: Iterable[Part]) -> Iterator[Role]:
    for part in parts:
        if not part.label or not has(part.heading, ("role",)):
            continue
        asides = [aside.strip() for aside in re.split(r"[;,]", part.aside) if aside.strip()]
        deputies = [aside for aside in asides if has(aside, ("deputy",))]
        yield Role(
            part.label,
            part.line,
            aliases=tuple(re.sub(r"^(also|or)\s+", "", one) for one in asides if one not in deputies),
            deputy=re.sub(r"^deputy\W*", "", deputies[0], flags=re.IGNORECASE) if deputies else "",
            owns=part.text,
        )


def _rows(parts: Iterable[Part]) -> Iterator[Row]:
    for part in parts:
        if part.label and (names := LETTER.findall(part.text)):
            yield Row(part.label, part.line, tuple((letter, name.strip()) for letter, name in names))


def _items(parts: Iterable[Part]) -> Iterator[Item]:
    for part in parts:
        if not part.label or not has(part.heading, ("cadence", "meeting", "ritual")):
            continue
        rhythm = RHYTHM.search(part.aside) or RHYTHM.fullmatch(part.label)
        day = DAY.fullmatch(part.label)
        if not rhythm and not day:
            continue
        told = rhythm[1].lower() if rhythm else "weekly"
        yield Item(part.label, part.text, part.line, told, bool(day) or _dated(told, part.aside))


def _dated(rhythm: str, aside: str) -> bool:
    """Whether a meeting says its day; of a month, which of the four or five."""
    named = any(DAY.fullmatch(word) for word in WORD.findall(aside))
    return named and (rhythm != "monthly" or NTH.search(aside) is not None)


def _window(parts: Iterable[Part]) -> Window | None:
    said = [part.line for part in parts if has(part.line.text, ("deploy window", "deployment window"))]
    if not said:
        return None
    words = [word for line in said for word in WORD.findall(line.text)]
    return Window(
        said[0],
        hours=any(HOURS.search(line.text) for line in said),
        zone=any("/" in word and Zone.fits(word) for word in words) or "UTC" in words,
        holidays=any(has(line.text, ("holiday",)) for line in said),
    )


def _of_rota(part: Part) -> bool:
    """A name under a heading such as "On-call rotation"."""
    heading = re.search(r"on-?call (rota|rotation|schedule|calendar)", part.heading, re.IGNORECASE)
    return (
        heading is not None and re.match(r"\s*(?:[-*+]|\d+[).])\s+(?!.*TODO)\S", part.line.text) is not None
    )


def _levels(parts: Iterable[Part]) -> Iterator[Level]:
    for part in parts:
        if SEVERITY.fullmatch(part.label) and part.text:
            told = re.search(r"\back\w*\b(.*)", part.text, re.IGNORECASE)
            yield Level(part.label, part.line, told is not None and LENGTH.search(told[1]) is not None)


def _slo(parts: Iterable[Part]) -> tuple[bool, bool]:
    said = [part.line.text for part in parts if has(part.line.text, ("slo", "availability"))]
    targets = [text for text in said if PERCENT.search(text)]
    return bool(targets), any(LENGTH.search(text) for text in said)


def _steps(parts: Iterable[Part]) -> Iterator[Step]:
    for part in parts:
        found = NUMBERED.match(part.line.text) if has(part.heading, ("escalation",)) else None
        if found:
            yield Step(found["text"], part.line, reaches=not has(found["text"], ("incident commander",)))
