"""The format ``relman-commit-cases/1``: what a message says, and what a history asks for."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from relman import deciding, version
from relman.commits import Commits
from relman.errors import RelmanError
from relman.line import Line

from .case import Case

_PARTS = {"messages", "histories"}
_STEPS = {"commit", "tag", "branch", "checkout", "merge", "shallow"}
_START, _MINUTE = 1_700_000_000, 60
_NAMED = re.compile(r"\{(\w+)(?::(\d+))?\}")
_ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.invalid",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.invalid",
}

Entry = dict[str, Any]


def cases(document: Entry) -> Iterator[Case]:
    """Every case of a document of this format; a part that is not known is no part to skip."""
    lists = {key for key, value in document.items() if isinstance(value, list)}
    if unknown := sorted(lists - _PARTS):
        raise ValueError(f"unknown parts {unknown}")
    for entry in document.get("messages", ()):
        yield Case(entry["id"], partial(_reads, entry))
    for entry in document.get("histories", ()):
        yield Case(entry["id"], partial(_answers, entry))


# ── messages ─────────────────────────────────────────────────────────────────────────────────────


def _reads(entry: Entry) -> None:
    """The message is read as expected; of several bumps that count, any will do."""
    message, expected = version.parse(entry["message"]), dict(entry["expect"])
    bumps = entry.get("accept_bumps")
    assert expected or bumps is not None, "a case that expects nothing"
    assert version.parse(version.render(message)) == message, "it does not survive being written again"
    preferred = expected.pop("bump", None) if "bump" in expected else message.bump
    assert message.bump in ([preferred] if bumps is None else _listed(bumps)), entry.get("why", "")
    if message.bump != preferred:  # another reading that counts: what follows from it differs too
        same = message.conventional == expected.pop("conventional", message.conventional)
        expected = {key: value for key, value in expected.items() if same and key != "breaking"}
    found = {key: _folded(key, _told(message, key)) for key in expected}
    assert found == {key: _folded(key, value) for key, value in expected.items()}, entry.get("why", "")


def _listed(told: Any) -> list[Any]:
    """The answers that count; a single one may stand without its list."""
    return told if isinstance(told, list) else [told]


def _told(message: version.Message, key: str) -> object:
    if key == "footers":
        return [[footer.token, footer.value] for footer in message.footers]
    if key not in {"conventional", "breaking", "type", "scope", "description", "group", "body"}:
        raise ValueError(f"the format has no expectation {key!r}")
    return getattr(message, key)


def _folded(key: str, value: object) -> object:
    """Case does not count in what item 15 calls the units of information."""
    return value.lower() if key in {"type", "group"} and isinstance(value, str) else value


# ── histories ────────────────────────────────────────────────────────────────────────────────────


def _answers(entry: Entry) -> None:
    """The history, built in a real repository, asks for the expected version."""
    only = (
        entry.get("accept") is None and "expect" in entry
    )  # else null is the one answer: nothing to release
    accepted = _listed(entry["expect" if only else "accept"])
    assert entry["ask"] in {"next", "next-rc"}, entry["ask"]
    with tempfile.TemporaryDirectory(prefix="relman-case-") as folder:
        place = _Building(Path(folder)).built(entry["steps"])
        found = _asked(place, pre_release=entry["ask"] == "next-rc")
    assert found in accepted, f"{entry['id']}: {entry.get('why', '')}"


def _asked(place: Path, *, pre_release: bool) -> str | None:
    wish = deciding.Wish(pre_release=pre_release)
    try:
        return deciding.decide(Line(Commits(place)), wish).version
    except RelmanError as error:
        return "error" if error.fact and error.clears else f"unclear: {error}"


class _Building:
    """A repository that is built step by step."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing on the branch ``main``."""
        self._home, self._place = folder, folder / "origin"
        self._ids: dict[str, str] = {}
        self._date = _START
        self._place.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")

    def built(self, steps: list[Entry]) -> Path:
        """Take all the steps; the repository in which the answer is asked."""
        for step in steps:
            if step["op"] not in _STEPS:
                raise ValueError(f"the format has no step {step['op']!r}")
            getattr(self, f"_{step['op']}")(**{key: value for key, value in step.items() if key != "op"})
        return self._place

    def _commit(self, msg: str, id: str = "", date: int | None = None) -> None:  # noqa: A002 - the format's word
        options = ("--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--file=-")
        self._git("commit", "--quiet", *options, text=self._filled(msg), date=self._next(date))
        if id:
            self._ids[id] = self._git("rev-parse", "HEAD").strip()

    def _tag(self, name: str, annotated: bool = False) -> None:  # noqa: FBT001, FBT002 - as the file has it
        self._git("tag", *(["--annotate", "--message", name] if annotated else []), name, date=self._next())

    def _branch(self, name: str) -> None:
        self._git("checkout", "--quiet", "-b", name)

    def _checkout(self, name: str) -> None:
        self._git("checkout", "--quiet", name)

    def _merge(self, names: list[str], msg: str, id: str = "", date: int | None = None) -> None:  # noqa: A002
        text = self._filled(msg)
        self._git("merge", "--quiet", "--no-ff", "--message", text, *names, date=self._next(date))
        if id:
            self._ids[id] = self._git("rev-parse", "HEAD").strip()

    def _shallow(self, depth: int) -> None:
        clone = self._home / "clone"
        self._git("clone", "--quiet", "--depth", str(depth), f"file://{self._place}", str(clone))
        self._place = clone

    def _next(self, date: int | None = None) -> int:
        self._date += _MINUTE
        return self._date if date is None else date

    def _filled(self, msg: str) -> str:
        """The message, with the hashes of the commits that it names."""
        return _NAMED.sub(lambda m: self._ids[m[1]][: int(m[2] or 64)] if m[1] in self._ids else m[0], msg)

    def _git(self, *words: str, text: str = "", date: int = _START) -> str:
        dates = {f"GIT_{who}_DATE": f"@{date} +0000" for who in ("AUTHOR", "COMMITTER")}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-c", "core.fsync=none", *words],
            cwd=self._place,
            env={**inherited, **_ALONE, **dates},
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()
