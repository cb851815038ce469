"""From a folder of case files to cases, by the format that each file names.

What it is not: the formats; each has a module of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import commit_format, oncall_format, window_format
from .case import Case

FORMATS: dict[str, Callable[[dict[str, Any]], Iterator[Case]]] = {
    "relman-commit-cases/1": commit_format.cases,
    "relman-oncall-cases/1": oncall_format.cases,
    "relman-window-cases/1": window_format.cases,
}


def cases(folder: Path) -> Iterator[Case]:
    """Every case of every ``*_cases.json``; what cannot be run is a case that fails and says why."""
    files = sorted(folder.glob("*_cases.json"))
    if not files:
        yield _failing("no-cases", f"there is no *_cases.json in {folder}")
    for file in files:
        yield from _of_file(file)


def _of_file(file: Path) -> Iterator[Case]:
    try:
        found = _read(file)
    except (ValueError, LookupError, TypeError) as error:
        found = [_failing("unreadable", f"{file}: {error!r}")]
    for case in found or [_failing("empty", f"{file} has no cases")]:
        yield Case(f"{file.name}:{case.name}", case.check)


def _read(file: Path) -> list[Case]:
    document = json.loads(file.read_text("utf-8"))
    name = document["format"]
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        return [_failing("format", f"{file}: unknown format {name!r}; known: {known}")]
    return list(FORMATS[name](document))


def _failing(name: str, why: str) -> Case:
    return Case(name, lambda: pytest.fail(why, pytrace=False))
