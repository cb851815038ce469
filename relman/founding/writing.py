"""From answers to files: drafted and judged before anything is written, and then all of them or none.

What it is not: a way to change what is there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from relman.config import NAME, load
from relman.errors import Refused, Unreachable
from relman.founding import people
from relman.ops import checks

ENDPOINT = "http://127.0.0.1:8085"
"""Where the embedded platform is unless one says otherwise."""

TEMPLATES = Path(__file__).parent / "templates"

RUNBOOKS = {
    "docs/runbooks/deployment.md": "runbooks/deployment.md",
    "docs/runbooks/billing.md": "runbooks/billing.md",
    "docs/runbooks/launch.md": "runbooks/launch.md",
    "handover/connectivity.md": "runbooks/connectivity.md",
}
"""What a team's file names, and the template of each."""


def vacant(folder: Path) -> None:
    """See that there is no relman.toml yet.

    Raises:
        Refused: There is one.
    """
    if os.path.lexists(folder / NAME):
        raise Refused(f"there is a {NAME} already", fact=str(folder / NAME), clears="inv ops.check")


def next_command(answers: Mapping[str, Any]) -> str:
    """What a person types once the files are there."""
    if answers["profile"] == "team":
        return "inv ops.documents"
    return "inv release.prepare" if answers["project"] else "inv platform.up"


def drafted(answers: Mapping[str, Any], now: datetime, folder: Path) -> dict[str, str]:
    """The files that are missing, by path, judged as they will be.

    Args:
        answers: To every question.
        now: The instant of the founding, with an offset.
        folder: Where they are going to be; a runbook that is there is left as it is.

    Raises:
        Refused: There is a relman.toml already, or the model would be one that nobody can work by (B35).
    """
    vacant(folder)
    team, facts = answers["profile"] == "team", _facts(answers, now)
    wanted = {NAME: "team.toml" if team else "solo.toml", **(RUNBOOKS if team else {})}
    texts = {path: _filled(template, facts) for path, template in wanted.items()}
    _judge(texts, now)
    return {path: text for path, text in texts.items() if not (folder / path).exists()}


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write all of the files, or none: what was written is taken back if anything stops it.

    Raises:
        Refused: A file has come to be there meanwhile.
        Unreachable: One cannot be written.
    """
    made: list[Path] = []
    try:
        for path in sorted(texts, key=lambda one: one == NAME):  # relman.toml last: it says that all is there
            made += _made(folder / path, texts[path])
    except BaseException as error:  # a Ctrl-C too
        for one in reversed(made):
            one.rmdir() if one.is_dir() else one.unlink()
        if isinstance(error, FileExistsError):
            there = error.filename2 or error.filename
            raise Refused("nothing was written", fact=f"{there} is there already") from None
        if isinstance(error, OSError):
            raise Unreachable("nothing was written", fact=f"{error.filename}: {error.strerror}") from None
        raise


def _made(path: Path, text: str) -> list[Path]:
    """Write one file that is not there; what was made for it, the folders first."""
    folders = [one for one in reversed(path.parents) if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        whole.write_text(text, "utf-8")
        _placed(whole, path)
    except BaseException:
        whole.unlink(missing_ok=True)
        for one in reversed(folders):
            one.rmdir()
        raise
    whole.unlink()
    return [*folders, path]


def _placed(whole: Path, path: Path) -> None:
    """Give a file its name: all of it at once, and never over another, so that kill -9 leaves no half."""
    try:
        os.link(whole, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("xb") as file:
            file.write(whole.read_bytes())


def _facts(answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    today = now.astimezone(answers["zone"].info).date()
    facts: dict[str, Any] = {**answers, "tz": answers["zone"], "today": today.isoformat(), "year": today.year}
    facts |= {"embedded": not answers["project"], "endpoint": ENDPOINT}
    facts |= {"project": answers["project"] or "local"}
    facts |= {"start": answers["hours"][0], "end": answers["hours"][1]}
    if answers["profile"] == "team":
        holders = {seat.id: answers[seat.id] for seat in people.SEATS}
        # The Monday before today, so that somebody is on call from the first instant of the model on.
        facts |= {"monday": (today - timedelta(days=today.weekday() or 7)).isoformat()}
        facts |= {"roles": [_role(seat, *holders[seat.id]) for seat in people.SEATS]}
        facts |= {"cto_is_another": people.escalated(holders)}
    return facts


def _role(seat: people.Seat, holder: str, deputy: str) -> dict[str, Any]:
    return {**seat._asdict(), "holder": holder, "deputy": deputy}


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - it makes TOML; the filter quotes
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["toml"] = _toml
    return environment.get_template(template).render(facts)


def _toml(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON, and one more."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _judge(texts: Mapping[str, str], now: datetime) -> None:
    """Read them as relman will, and ask what ``ops.check`` asks."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), texts)
        found = checks.faults(checks.check(checks.Asked(load(Path(name) / NAME), now)))
    if found:
        told = "; ".join(f"{one.what} (line {one.line})" for one in found)
        raise Refused("nothing was written: nobody could work by this model", fact=told, clears="inv init")
