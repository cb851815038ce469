"""Holidays into the text of a relman.toml: everything else in it stays as it is, to the byte.

What it is not: a writer of TOML. It adds entries where holidays stand, or where they would, and what
comes out is read again and compared, so that a file is never left with another meaning.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from relman.config import lines
from relman.config.schedule import Holiday
from relman.errors import ConfigError

AT: lines.Path = ("window", "holidays")
BOM = "\ufeff"
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def added(text: str, holidays: Iterable[Holiday]) -> str:
    """The text with those holidays besides that it does not have yet; the text itself if it has all.

    Args:
        text: Of a valid relman.toml.
        holidays: In the order in which they are written.

    Raises:
        ConfigError: There is no ``[window]``, or it is written in a way that cannot be added to.
    """
    if text.startswith(BOM):
        return BOM + added(text.removeprefix(BOM), holidays)
    document = tomllib.loads(text)
    if "tz" not in document.get("window", {}):
        raise ConfigError("there is no [window] to write holidays into", clears="write [window], with its tz")
    has = {_date(one) for one in document["window"].get("holidays", [])}
    new = [one for one in holidays if one.date not in has]
    if not new:
        return text
    written = _written(text, document, new)
    if not _adds(written, document, new):
        told = "holidays = [\n" + "\n".join(f"  {_entry(one)}," for one in new) + "\n]"
        raise ConfigError("[window] is written in a way that no command can add to", clears=f"write:\n{told}")
    return written


def diff(before: str, after: str, name: str) -> str:
    """What differs, as a unified diff; empty for nothing."""
    old, new = before.splitlines(), after.splitlines()
    return "\n".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))


def _written(text: str, document: dict[str, Any], new: Sequence[Holiday]) -> str:
    """In the form that the file has: an array, tables of their own, or none yet."""
    end = "\r\n" if "\r\n" in text else "\n"
    index, found = lines.index(text), document["window"].get("holidays")
    if found and re.match(r"\s*\[\[", _line(text, lines.nearest(index, (*AT, 0)))):
        last = max(line for path, line in index.items() if path[:3] == (*AT, len(found) - 1))
        tables = [f"[[window.holidays]]{end}date = {one.date}{end}name = {_quoted(one)}{end}" for one in new]
        return _after(text, last, end + end.join(tables), end)
    entries = "".join(f"  {_entry(one)},{end}" for one in new)
    if found is None:
        return _after(text, index["window", "tz"], f"holidays = [{end}{entries}]{end}", end)
    return _into(text, lines.nearest(index, AT), entries, end)


def _into(text: str, line: int, entries: str, end: str) -> str:
    """Entries at the end of the array that begins on a line, behind its last comment."""
    begin = _offset(text, line)
    depth, last = 0, begin
    for token in lines.TOKEN.finditer(text, text.index("[", begin)):
        depth += _BRACKETS.get(token["mark"] or "", 0)
        if depth == 0:
            break
        last = last if token["blank"] or token["newline"] else token.end()
    comma = "" if text[last - 1] in "[," else ","
    between = text[last : token.start()].rstrip()
    return f"{text[:last]}{comma}{between}{end}{entries}{text[token.start() :]}"


def _adds(text: str, before: dict[str, Any], new: Sequence[Holiday]) -> bool:
    """Whether the text says what it said before, and these holidays, and nothing else."""
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    added_ = [{"date": one.date, "name": one.name} for one in new]
    wanted = {**before["window"], "holidays": [*before["window"].get("holidays", []), *added_]}
    return after == {**before, "window": wanted}


def _date(entry: Any) -> Any:  # noqa: ANN401 - as TOML has it
    return entry["date"] if isinstance(entry, dict) else entry


def _entry(one: Holiday) -> str:
    return f"{{ date = {one.date}, name = {_quoted(one)} }}"


def _quoted(one: Holiday) -> str:
    """JSON's strings are TOML's basic strings."""
    return json.dumps(one.name, ensure_ascii=False)


def _offset(text: str, line: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1])


def _line(text: str, line: int) -> str:
    return text.split("\n")[line - 1]


def _after(text: str, line: int, block: str, end: str) -> str:
    at = min(_offset(text, line + 1), len(text))
    before = text[:at] if text[:at].endswith("\n") else text[:at] + end
    return before + block + text[at:]
