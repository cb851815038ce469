"""CHANGELOG.md in the form of Keep a Changelog 1.1.0: a section for each release, and links at the foot.

What it is not: a parser of Markdown, or a file. A text comes in, a text goes out: what was written by hand
stays byte for byte, line ends too, except the address of ``[unreleased]`` where it is one of our own.
"""

from __future__ import annotations

import re
from typing import Final

from relman.notes.values import Notes

FRESH: Final = """\
# Changelog

All notable changes of this project. The form is that of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/),
and versions follow [Semantic Versioning](https://semver.org/spec/v2.0.0.html).

## [Unreleased]
"""
UNRELEASED: Final = "unreleased"
HEADING = re.compile(r"^## +\[?(?P<name>[^\]\s]+)\]?")
DEFINITION = re.compile(r"^\[(?P<name>[^\]]+)\]: *(?P<to>\S+)\s*$")


class Changelog:
    """The text of a changelog, line by line.

    Args:
        text: As it stands in the file; empty for none.
    """

    def __init__(self, text: str) -> None:
        """Take it apart; every line keeps its end."""
        self._end = "\r\n" if "\r\n" in text else "\n"
        self._lines = (text or FRESH).splitlines(keepends=True)
        if not text:
            self._end = "\n"

    def __str__(self) -> str:
        """The text."""
        return "".join(self._lines)

    def section(self, name: str) -> str | None:
        """A release's section with line feeds as its line ends, None without one."""
        found = self._place(name)
        if found is None:
            return None
        lines = (line.rstrip("\r\n") for line in self._lines[found[0] : found[1]])
        return "\n".join(lines).rstrip("\n") + "\n"

    def put(self, notes: Notes, section: str, unreleased: str) -> None:
        """Put a release's section in: in the place of its old one, else above the last release.

        Args:
            notes: The release's.
            section: Its text.
            unreleased: Where what is not released yet can be compared with it; empty for no links.
        """
        found = self._place(notes.name)
        if found:
            self._lines[found[0] : found[1]] = self._ended(section, below=found[1] < len(self._lines))
        else:
            self._insert(section)
        self._link(notes, unreleased)

    def drop(self, name: str) -> None:
        """Take a release's section and link out."""
        if found := self._place(name):
            del self._lines[found[0] : found[1]]
        self._lines = [line for line in self._lines if _defined(line)[0] != name]

    def _insert(self, section: str) -> None:
        """Below what is not released, above the releases; before the links where there are neither."""
        fenced = _fenced(self._lines)
        heads = [at for at, line in enumerate(self._lines) if at not in fenced and HEADING.match(line)]
        below = [at for at in heads if _name(self._lines[at]) != UNRELEASED]
        at = below[0] if below else self._foot()
        before = self._lines[at - 1] if at else ""
        if before and not before.endswith("\n"):
            self._lines[at - 1] = before + self._end
        gap = [self._end] if before.strip() else []
        self._lines[at:at] = [*gap, *self._ended(section, below=at < len(self._lines))]

    def _ended(self, section: str, *, below: bool) -> list[str]:
        """A section's lines with the file's line ends; a blank one after it where something follows."""
        lines = [f"{line}{self._end}" for line in section.rstrip("\n").split("\n")]
        return [*lines, self._end] if below else lines

    def _link(self, notes: Notes, unreleased: str) -> None:
        """The release's own link, above the older ones, and that of what is not released yet."""
        if not notes.compare:
            return
        known = {name: at for at, line in enumerate(self._lines) if (name := _defined(line)[0])}
        line = f"[{notes.name}]: {notes.compare}{self._end}"
        if notes.name in known:
            self._lines[known[notes.name]] = line
        else:
            self._define(line, known, unreleased)

    def _define(self, line: str, known: dict[str, int], unreleased: str) -> None:
        """Put in a link that is not there; beside the others, or after a blank line at the end."""
        top = next((at for name, at in known.items() if name.lower() == UNRELEASED), None)
        if top is not None:
            name, to = _defined(self._lines[top])
            if _ours(to, unreleased):
                self._lines[top] = f"[{name}]: {unreleased}{self._end}"
            self._lines.insert(top + 1, line)
        elif known:
            self._lines.insert(min(known.values()), line)
        else:
            if self._lines and not self._lines[-1].endswith("\n"):
                self._lines[-1] += self._end
            gap = [self._end] if self._lines and self._lines[-1].strip() else []
            self._lines += [*gap, f"[{UNRELEASED}]: {unreleased}{self._end}", line]

    def _place(self, name: str) -> tuple[int, int] | None:
        """From a release's heading to the next heading of its rank, or to the links at the foot."""
        fenced = _fenced(self._lines)
        heads = [at for at, line in enumerate(self._lines) if at not in fenced and HEADING.match(line)]
        for number, at in enumerate(heads):
            if _name(self._lines[at]) == name.lower():
                return at, heads[number + 1] if number + 1 < len(heads) else self._foot()
        return None

    def _foot(self) -> int:
        """Where the links at the end begin, or the text ends."""
        at = len(self._lines)
        while at and (_defined(self._lines[at - 1])[0] or not self._lines[at - 1].strip()):
            at -= 1
        defined = any(_defined(line)[0] for line in self._lines[at:])
        if not defined:
            return len(self._lines)
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        return at


def _name(heading: str) -> str:
    found = HEADING.match(heading)
    return found["name"].lower() if found else ""


def _defined(line: str) -> tuple[str, str]:
    """Name and address of a line that defines a link, empty for any other."""
    found = DEFINITION.match(line)
    return (found["name"], found["to"]) if found else ("", "")


def _ours(address: str, unreleased: str) -> bool:
    """Whether an address is a comparison on the same host, so that it may be brought up to date."""
    return bool(unreleased) and address.partition("compare")[0] == unreleased.partition("compare")[0]


def _fenced(lines: list[str]) -> set[int]:
    """The numbers of the lines that stand in fenced code."""
    inside: set[int] = set()
    fence = ""
    for at, line in enumerate(lines):
        mark = line.lstrip()[:3]
        if fence or mark in {"```", "~~~"}:
            inside.add(at)
        if fence and mark == fence:
            fence = ""
        elif not fence and mark in {"```", "~~~"}:
            fence = mark
    return inside
