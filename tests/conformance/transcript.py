"""Transcripts: what was asked and answered, one JSON line each, so that two runs can be compared.

``pytest tests/conformance --record DIR`` writes one; ``python -m tests.conformance.transcript ONE OTHER``
shows where two differ. What it is not: a log. Nothing that names a project or a person, or that lets somebody
in, is written.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VARYING = {
    *("createTime", "updateTime", "deleteTime", "expireTime", "lastTransitionTime", "startTime", "endTime"),
    *("finishTime", "etag", "uid", "id", "logUrl", "logUri", "creator", "lastModifier", "creationTimestamp"),
    *("resourceVersion", "began", "seconds", "test"),
}
"""What is another in every run."""
SECRET = re.compile(r"(?i)authorization|token$|password|secret_?value|credential")
UUID_HEAD = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-"
"""Of one in three hundred UUIDs the rest has digits only, and names nobody."""
NAMELESS = {
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"): "EMAIL",
    re.compile(rf'(?<!{UUID_HEAD})(?<=["/-])\d{{10,13}}\b'): "NUMBER",
}
"""Who made a service, and the number of the project, which stands in names, accounts and URLs."""
STEADY = {
    re.compile(r"operations/[\w/=-]+"): "OPERATION",
    re.compile(r"(?:https?|file)://[^\s\"',]+"): "URL",
    re.compile(r"NAME-(\d{5})-[a-z0-9]{3}\b"): r"NAME-\1-XYZ",
    re.compile(r"sha256:[0-9a-f]{64}"): "DIGEST",
    re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"): "UUID",
    re.compile(r"version (is )?'[^']+'"): "version",
    re.compile(r"\b\d+\.\d+s\b"): "SECONDS",
    re.compile(r"PORT=\d+"): "PORT",
}


class Transcript:
    """One file of one run.

    Args:
        folder: Where it is written; None writes nothing.
        name: The file's name.
        hidden: What is replaced by what, such as the project's id.
    """

    def __init__(self, folder: Path | None, name: str, hidden: Mapping[str, str]) -> None:
        """Nothing was asked yet."""
        self._path = folder / f"{name}.jsonl" if folder else None
        self._hidden = hidden
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, about: Mapping[str, str], call: str, request: Any, answer: Any, began: float) -> None:
        """Write down one call: row, test and wire, what was asked, what came back, when, how long."""
        if self._path is None:
            return
        line = {
            **about,
            "call": call,
            "request": request,
            "answer": answer,
            "began": datetime.fromtimestamp(began, UTC).isoformat(),
            "seconds": round(time.time() - began, 4),
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(self._bare(json.dumps(without_secrets(line), default=str)) + "\n")

    def _bare(self, text: str) -> str:
        for secret, word in self._hidden.items():
            text = re.sub(secret, word, text)
        for pattern, word in NAMELESS.items():
            text = pattern.sub(word, text)
        return text


def without_secrets(value: Any) -> Any:
    """The same value, without what lets somebody in."""
    if isinstance(value, Mapping):
        return {key: "HIDDEN" if SECRET.search(key) else without_secrets(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(one) for one in value]
    return value


def steady(value: Any) -> Any:
    """The same value, without what is another in every run."""
    if isinstance(value, dict):
        return {key: steady(one) for key, one in value.items() if key not in VARYING}
    if isinstance(value, list):
        return [steady(one) for one in value]
    if isinstance(value, str):
        for pattern, word in STEADY.items():
            value = pattern.sub(word, value)
    return value


def read(folder: Path) -> dict[str, list[str]]:
    """The calls of a run by row, test and wire, as lines without what varies."""
    found: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            call = json.loads(line)
            key = f"row {call['row']} · {call['test']} · {call['wire']}"
            _add(found.setdefault(key, []), steady(call))
    return {
        key: [line for call in calls for line in json.dumps(call, indent=1, sort_keys=True).splitlines()]
        for key, calls in found.items()
    }


def _add(calls: list[Any], call: Any) -> None:
    """One call more; of several that only wait, each the same as the one before, the last is kept."""
    if calls and all(calls[-1][name] == call[name] for name in ("call", "request")):
        calls.pop()
    calls.append(call)


def differences(one: Path, other: Path) -> list[str]:
    """Where two runs of the same tests differ, as lines for people; what only one has is left out."""
    first, second = read(one), read(other)
    lines: list[str] = []
    for key in first.keys() & second.keys():
        changed = list(difflib.unified_diff(first[key], second[key], str(one), str(other), lineterm="", n=2))
        lines += [f"== {key}", *changed] if changed else []
    return lines


def main() -> int:
    """Compare two runs.

    Returns:
        0 when they tell the same, 1 when they differ, 2 for another number of folders.
    """
    if len(sys.argv) != 3:
        sys.stderr.write("usage: python -m tests.conformance.transcript ONE OTHER\n")
        return 2
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "both runs tell the same\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
