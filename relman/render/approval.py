"""The pages of a go/no-go: what is read before signing, and what the verification found. Values in, text out.

What it is not: a judgement. Whatever other people wrote is shown on one line, without what drives a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from relman.approval.request import Item, Request
from relman.clock import instant
from relman.gates.approval import verifying
from relman.gates.approval.findings import Finding, State
from relman.gates.approval.verifying import Judged, Place
from relman.gates.approval.votes import Word
from relman.models import listed
from relman.ops import people
from relman.render.pages import ago, printable, table

SIGNS = {State.HOLDS: "✔", State.REFUSED: "✘", State.TAMPERED: "‼", State.NOT_ASKED: "·"}
ASCII = {State.HOLDS: "+", State.REFUSED: "x", State.TAMPERED: "!", State.NOT_ASKED: "-"}
SHOWN = 20
"""How many commits are shown."""


# ── verify ───────────────────────────────────────────────────────────────────────────────────────────


def verification(found: Judged, *, ascii_only: bool = False) -> str:
    """Every step with its number, and what they say in one line."""
    signs = ASCII if ascii_only else SIGNS
    lines = [line for one in found.findings for line in _finding(one, signs)]
    end = "" if found.valid else f"    exit {found.code}"
    return "\n".join([*lines, "", f"{verdict(found)}{end}"])


def verification_json(found: Judged) -> str:
    """For machines: one object."""
    told = {"valid": found.valid, "code": found.code, "verdict": verdict(found)}
    return json.dumps({"schema": "relman.verification/1", **told, **_facts(found)})


def verdict(found: Judged) -> str:
    """``valid: GO by ana and ben``, or what stands against it first."""
    if found.valid:
        return f"valid: GO by {listed(one.person for one in found.places)}"
    first = found.failed[0]
    return f"not valid: step {first.number}, {printable(first.fact)}"


def _finding(one: Finding, signs: Mapping[State, str]) -> Iterator[str]:
    yield f"  {one.number} {signs[one.state]} {one.title:<12} {printable(one.fact)}".rstrip()
    yield from (f"      {printable(note)}" for note in one.notes)
    if one.clears and one.state is not State.HOLDS:
        yield f"      next: {printable(one.clears)}"


def _facts(found: Judged) -> dict[str, Any]:
    votes = [
        {
            "file": one.name,
            "sha256": one.digest,
            "key": one.by.key.fingerprint,
            **msgspec.to_builtins(one.vote),
        }
        for one in found.casts
    ]
    places = [
        {"letter": one.seat.letter, "roles": list(one.seat.roles), "person": one.person}
        for one in found.places
    ]
    frozen = found.frozen
    return {
        "folder": frozen.folder.name if frozen else "",
        "request": frozen.digest if frozen else "",
        "steps": msgspec.to_builtins(found.findings, enc_hook=str),
        "votes": votes,
        "places": json.loads(json.dumps(places, default=str)),
        "left": [one.id for one in found.left],
        "waived": [one._asdict() for one in found.waived],
    }


# ── show ─────────────────────────────────────────────────────────────────────────────────────────────


def page(found: Judged, evidence: Mapping[str, Any], word: Word | None, now: datetime) -> str:
    """What somebody reads before signing.

    Args:
        found: The verification.
        evidence: The files of evidence, read, by their names.
        word: Who may speak; None where there is no policy or no request.
        now: The instant at which it is read.
    """
    if found.frozen is None:
        return verification(found)
    request = found.frozen.request
    parts = [
        signed(request, found.frozen.digest, now),
        difference(evidence.get("difference.json", {})),
        _items(found, evidence, now),
        _votes(found),
        _needed(found, word),
        _against(found),
    ]
    return "\n\n".join(part for part in parts if part)


def page_json(found: Judged, evidence: Mapping[str, Any]) -> str:
    """For machines: one object."""
    request = msgspec.to_builtins(found.frozen.request) if found.frozen else None
    told = {"valid": found.valid, "content": request, "evidence": dict(evidence)}
    return json.dumps({"schema": "relman.checklist/1", **told, **_facts(found)})


def signed(request: Request, digest: str, now: datetime) -> str:
    """What a signature is under: image, version, environment, what it replaces, until when, its digest."""
    start = _moment(request.window.start) if request.window else "any time"
    ends = datetime.fromtimestamp(request.expires_at, UTC)
    replaces = request.replaces
    before = f"{replaces.version} ({replaces.revision})" if replaces else "nothing: it is the first release"
    rows = [
        ("image", request.image),
        ("commit", request.commit),
        ("replaces", before),
        ("window", f"from {start}"),
        ("until", f"{_moment(request.expires_at)}, {ago(ends, now)}"),
        ("on call", request.oncall.person if request.oncall else "nobody"),
        ("written by", ", ".join(request.authors)),
        ("request", f"sha256 {digest}"),
    ]
    head = f"{request.service} {request.version}   {request.region}, {request.environment}, {request.project}"
    return "\n".join([printable(head), _indented(table(rows))])


def difference(told: Mapping[str, Any]) -> str:
    """What goes live besides the image; no value of an environment is in it."""
    commits = list(told.get("commits", ()))
    lines = [f"  {one['commit'][:7]}  {printable(str(one['subject']))}" for one in commits[:SHOWN]]
    if len(commits) > SHOWN:
        lines.append(f"  and {len(commits) - SHOWN} more")
    for title in ("migrations", "environment", "configuration"):
        lines += [f"  {title[:11]:<13} {_change(one)}" for one in told.get(title) or ()]
    if told and not lines:
        lines = ["  nothing but the image"]
    return "\n".join([f"what changes: {len(commits)} commits", *lines]) if told else ""


def _change(one: Mapping[str, Any]) -> str:
    return printable(" ".join(str(word) for word in one.values() if word))


def _items(found: Judged, evidence: Mapping[str, Any], now: datetime) -> str:
    if found.frozen is None:
        return ""
    left, waived = {one.id for one in found.left}, {one.item: one for one in found.waived}
    rows = []
    for item in found.frozen.request.checklist:
        answered = item.state == "open" and item.id not in left
        state = "waived" if item.id in waived else "answered" if answered else item.state
        told = waived[item.id].reason if item.id in waived else _evidence(item, evidence, now)
        rows.append((state, item.id, str(item.owner), told))
    return "\n".join(["checklist", _indented(table(rows))])


def _evidence(item: Item, evidence: Mapping[str, Any], now: datetime) -> str:
    """What the machine found, and how long ago."""
    told = evidence.get(f"{item.id}.json") if item.evidence else None
    if not told:
        return ""
    old = f" ({ago(instant(told['asOf']), now)})" if told.get("asOf") else ""
    return f"{told.get('fact', '')}{old}"


def _votes(found: Judged) -> str:
    rows = [
        (one.vote.decision, one.vote.signer, one.vote.role, one.by.key.fingerprint, one.vote.comment)
        for one in found.casts
    ]
    notes = [note for one in found.findings for note in one.notes]
    lines = [_indented(table(rows))] if rows else ["  none yet"]
    return "\n".join(["votes", *lines, *(f"  {printable(note)}" for note in notes)])


def _needed(found: Judged, word: Word | None) -> str:
    """Who has said go, and who may say what is missing, each with what they type."""
    if word is None or found.frozen is None:
        return ""
    lines = [line for place in found.places for line in _seat(place, found, word)]
    lines += [f"  {one.id} waits for {people.title(word.config, one.owner)}" for one in found.left]
    return "\n".join(["needed", *lines])


def _seat(place: Place, found: Judged, word: Word) -> Iterator[str]:
    titles = " or ".join(people.title(word.config, role) for role in place.seat.roles)
    letter = f"{place.seat.letter}: " if place.seat.letter else ""
    if place.person:
        yield f"  {letter}{titles}   GO by {people.name(word.config, place.person)}"
        return
    yield f"  {letter}{titles}   missing"
    for person in verifying.free(word, found.places, place):
        yield f"      {people.name(word.config, person)}: {typed(place, found)}"


def typed(place: Place, found: Judged) -> str:
    """What somebody types who takes a seat, with the items that wait for that role."""
    own = [one.id for one in found.left if one.owner in place.seat.roles]
    version = found.frozen.request.version if found.frozen else ""
    items = "".join(f" --item {one}" for one in own)
    return f"inv checklist.sign --release {version} --role {place.seat.roles[0]}{items}"


def _against(found: Judged) -> str:
    if found.valid:
        return "valid: it may ship"
    lines = [f"  step {one.number}: {printable(one.fact)}" for one in found.failed if one.number < 7]  # noqa: PLR2004
    return "\n".join(["against it", *lines]) if lines else "nothing stands against it but what is missing"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%a %Y-%m-%d %H:%M}Z"
