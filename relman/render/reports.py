"""The pages of the reading commands: status, history, a run's story. Values in, text out.

What it is not: a run's screen, or a reader of anything: it is handed what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from relman.ledger import Entry, story
from relman.models import PERCENT, Answer, Release
from relman.render.pages import ago, bar, lasted, table
from relman.status import Status

BAR = 40
MOVES = {"release.shipped", "release.adopted", "release.rolled_back"}
WORDS = {
    "release.shipped": "shipped",
    "release.adopted": "adopted",
    "release.rolled_back": "rolled back",
    "release.put_back": "put back",
    "release.prepared": "prepared",
}


def status(now: Status, *, ascii_only: bool = False) -> str:
    """``release.status`` for people.

    Args:
        now: What is.
        ascii_only: The terminal has no blocks to draw with.
    """
    rows = [
        *_serving(now, ascii_only=ascii_only),
        *_way_back(now),
        *_open(now),
        *_owed(now),
        *_candidate(now),
    ]
    rows += [["window", now.opens]] if now.opens else []
    head = f"{now.key.service}   {now.key.region}, {now.environment}   project {now.key.project}"
    return f"{head}\n{_indented(table(rows))}"


def status_json(now: Status) -> str:
    """``release.status`` for machines: one object."""
    live = now.live
    shares = live.split.shares if live else ()
    told: dict[str, Any] = {
        "schema": "relman.status/1",
        "service": msgspec.to_builtins(now.key),
        "environment": now.environment,
        "exists": live is not None,
        "uri": live.uri if live else "",
        "traffic": [
            {"revision": name, "version": now.labels.get(name, ""), "percent": percent}
            for name, percent in shares
        ],
        "way_back": msgspec.to_builtins(_targets(now)),
        "candidate": now.candidate.version if now.candidate else None,
        "open_runs": [{"id": run.id, "kind": run.kind} for run in now.open_runs],
        "owed": msgspec.to_builtins(now.owed),
        "window": now.opens or None,
    }
    return json.dumps(told)


def history(entries: Iterable[Entry], labels: Mapping[str, str]) -> str:
    """``release.history``: every release, rollback and adoption, newest first."""
    rows = [
        [_moment(entry.at), WORDS[entry.kind], _subject(entry, labels), entry.actor, entry.run or "-"]
        for entry in entries
        if entry.kind in WORDS
    ]
    return table(rows[::-1], ["when", "what", "which", "who", "run"]) if rows else "nothing was released yet"


def history_json(entries: Iterable[Entry]) -> str:
    """``release.history`` for machines: one JSON object a line, oldest first."""
    return entries_json(entry for entry in entries if entry.kind in WORDS)


def entries_json(entries: Iterable[Entry]) -> str:
    """Entries for machines: one JSON object a line, oldest first."""
    return "\n".join(
        json.dumps({"schema": "relman.entry/1", **msgspec.to_builtins(entry)}) for entry in entries
    )


def story_of(entries: Sequence[Entry]) -> str:
    """``release.why --run``: one run, from what was asked to how it ended."""
    opening = entries[0]
    lines = [
        opening.detail["title"],
        f"  opened  {_moment(opening.at)} by {opening.actor}, plan {_plan(opening)}",
    ]
    rows = [row for entry in entries[1:] for row in _told(entry)]
    return "\n".join([*lines, _indented(table(rows))])


def _serving(now: Status, *, ascii_only: bool) -> list[list[str]]:
    if now.live is None:
        return [["serves", "nothing: there is no such service yet    first: inv release.cut"]]
    live = now.live
    shares = sorted(live.split.shares, key=lambda share: share[0] != live.way_back.candidate)
    named = [(now.labels.get(revision, revision), percent) for revision, percent in shares]
    since = next(
        (f"   ({ago(entry.at, now.now)})" for entry in reversed(now.entries) if entry.kind in MOVES), ""
    )
    pinned = "" if live.pinned else "   (follows LATEST: the next deploy by anybody takes it)"
    rows = [["serves", " · ".join(name for name, _ in named) + (since if len(named) == 1 else "")]]
    rows += [["traffic", bar(named, BAR, ascii_only) + pinned], ["address", live.uri]]
    return rows


def _targets(now: Status) -> tuple[Release, ...]:
    """What a rollback would go to: by the ledger, or, where that knows nothing, by the service itself."""
    serving = now.live.split if now.live else None
    chain = now.chain or (now.live.way_back.chain if now.live else ())
    rolled = now.live.way_back.rolled_back if now.live else None
    here = [one for one in chain if not serving or serving.percent(one.revision) != PERCENT]
    kept = now.live.way_back.chain if now.live else ()
    return tuple(one for one in here if not rolled or one.revision != rolled.leaves or one in kept)


def _way_back(now: Status) -> list[list[str]]:
    found, live = _targets(now), now.live
    if live is None:
        return []
    if found:
        rolled = live.way_back.rolled_back
        further = f" --to {found[0]}" if rolled and live.split.percent(rolled.to) == PERCENT else ""
        rows = [["way back", f"{', '.join(str(one) for one in found)}    inv release.rollback{further}"]]
    else:
        rows = [["way back", "none: no other good release is known"]]
    if not now.chain and story.created_here(now.entries):
        rows += [
            ["problem", "no release of it has passed its smoke checks yet    inv release.why --run last"]
        ]
    elif not now.chain:
        rows += [["unknown", "this ledger never released what serves    inv release.adopt"]]
    return rows + ([["problem", live.complaint]] if live.complaint else [])


def _open(now: Status) -> list[list[str]]:
    resume = "its driver goes on; if that is gone: inv release.resume, or inv release.abort"
    return [["open", f"a {run.kind}, run {run.id}    {resume}"] for run in now.open_runs]


def _owed(now: Status) -> list[list[str]]:
    return [["owed", f"{debt.line}    inv release.resume ({debt.reason})"] for debt in now.owed]


def _candidate(now: Status) -> list[list[str]]:
    found = now.candidate
    if found is None:
        return []
    failed = any(
        entry.kind == "release.put_back" and entry.detail["leaves"] == found.revision for entry in now.entries
    )
    then = (
        "put back before: inv release.why --run last"
        if failed
        else ""
        if now.open_runs
        else "inv release.cut"
    )
    return [["prepared", f"{found.version} ({found.commit[:7]})    {then}"]]


def _told(entry: Entry) -> Iterable[list[str]]:
    detail, when = entry.detail, f"{entry.at:%H:%M:%S}"
    if entry.kind == "step.done":
        yield [when, "done", entry.step, lasted(detail["seconds"]), str(detail["value"].get("text", ""))]
        yield from _verdicts(detail["value"])
    elif entry.kind in {"step.failed", "step.owed"}:
        yield [when, entry.kind.removeprefix("step."), entry.step, "", detail["reason"]]
        yield from _verdicts(detail)
    elif entry.kind == "owed.dropped":
        yield [when, "given up", entry.step, "", detail["reason"]]
    elif entry.kind in {"run.resumed", "run.abort"}:
        yield [when, entry.kind.removeprefix("run."), "", "", detail.get("reason", f"by {entry.actor}")]
    elif entry.kind == "run.closed":
        yield [
            when,
            "closed",
            "",
            "",
            ": ".join(part for part in (detail["outcome"], detail["reason"]) if part),
        ]


def _verdicts(detail: Mapping[str, Any]) -> Iterable[list[str]]:
    """What each gate said; the first ledgers have the facts only, by the gate."""
    found = detail.get("verdicts", ())
    told = found.items() if isinstance(found, dict) else ((one["gate"], _answered(one)) for one in found)
    yield from (["", "", "", "", f"{gate}: {fact}"] for gate, fact in told)


def _answered(verdict: Mapping[str, Any]) -> str:
    """A verdict's fact; what is not go is said in front, and behind it what lifted it."""
    fact = ": ".join(part for part in (verdict["answer"], verdict["fact"]) if part != Answer.GO)
    return "; ".join(filter(None, (fact, verdict.get("lifted", ""))))


def _subject(entry: Entry, labels: Mapping[str, str]) -> str:
    detail = entry.detail
    if "release" in detail:
        return detail["release"]["version"] or str(detail["release"]["revision"])
    if "candidate" in detail:
        return str(detail["candidate"]["version"])
    left, to = (labels.get(detail[name], detail[name]) for name in ("leaves", "to"))
    return f"{left or '(split)'} -> {to}"


def _plan(opening: Entry) -> str:
    return str(opening.detail["digest"])[:8]


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
