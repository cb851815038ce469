"""Rules about the text itself: nothing left to do, garbled, too long, no unknown command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relman.config.near import did_you_mean
from relman.ops.checks.finding import Asked, Found
from relman.ops.gaps.written import decoded
from relman.ops.trace import typed

LONGEST = 400
"""Lines beyond which nobody reads a model (A9)."""

LEFT = re.compile(r"\b(TODO|FIXME|TBD|XXX|(?i:placeholder|change[ _-]?me|to be decided|lorem ipsum))\b")


def left_to_do(asked: Asked) -> Iterator[Found]:
    """No TODO and no placeholder is left, in the file or in a runbook (B35)."""
    for file, number, line in _lines(asked):
        if found := LEFT.search(line):
            yield Found(
                f"{found[0]} is left here", "write what is meant, or take it out", file=file, line=number
            )


def garbled(asked: Asked) -> Iterator[Found]:
    """No text is UTF-8 that was read as something else."""
    for file, number, line in _lines(asked):
        if meant := decoded(line):
            how = f"write {meant.strip(' -*')!r}"
            yield Found("this is UTF-8 that was read as Windows-1252", how, file=file, line=number)


def too_long(asked: Asked) -> Iterator[Found]:
    """A model that people read has 400 lines at most (A9)."""
    count = asked.config.source.text.removesuffix("\n").count("\n") + 1
    if count > LONGEST:
        what = f"the file has {count} lines (more than {LONGEST} are not read)"
        yield Found(what, "leave out what nobody does", line=LONGEST + 1, warning=True)


def no_such_command(asked: Asked) -> Iterator[Found]:
    """Each command that the file or a runbook names exists (A13)."""
    if asked.commands is None:
        return
    for file, number, line in _lines(asked):
        for name in typed(line):
            if name not in asked.commands:
                meant = did_you_mean(name, asked.commands)
                how = "name a command of inv --list"
                yield Found(f"there is no command {name!r}{meant}", how, file=file, line=number)


def _lines(asked: Asked) -> Iterator[tuple[str, int, str]]:
    for file, text in asked.texts.items():
        yield from ((file, number, line) for number, line in enumerate(text.split("\n"), 1))


RULES = (left_to_do, garbled, too_long, no_such_command)
