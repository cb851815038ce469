"""The checklist's items: none dropped, none loosened (step 4), each answered by the right person (step 7).

What it is not: the asking of gates. What a machine found was frozen as evidence when the request was made;
here its bytes are held against the digest that everybody signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from relman.approval.folder import Folder
from relman.approval.request import Item, Request
from relman.approval.template import PERSON, Asked, Checklist
from relman.config import Config
from relman.errors import Refused, RelmanError, Tampered
from relman.gates.approval import roles
from relman.gates.approval.votes import Entitled, Terms, Word, holding, not_counted
from relman.models import Answer, listed
from relman.signing import Waiver, need
from relman.signing.strict import sha256

DIFFERENCE = "difference.json"
PASSING = {Answer.GO.value, Answer.WARN.value, Answer.NOT_SET_UP.value}
"""What a gate may have said of an item that passes; what lifts a gate is no evidence."""


class Waived(NamedTuple):
    """An item that its owner lets go.

    Attributes:
        item: The item's id.
        person: Who.
        reason: Why.
    """

    item: str
    person: str
    reason: str

    def __str__(self) -> str:
        """``customers-told waived by ana: nobody sees it``."""
        return f"{self.item} waived by {self.person}: {self.reason}"


class Answered(NamedTuple):
    """The items, as far as machines and waivers answer them.

    Attributes:
        left: What a person is to answer in their vote.
        waived: What was let go.
        notes: What does not count, and why.
    """

    left: tuple[Item, ...]
    waived: tuple[Waived, ...]
    notes: tuple[str, ...]


def answered(folder: Folder, asked: Checklist, terms: Terms, word: Word) -> Answered:
    """What machines and waivers answer (step 4).

    Raises:
        Tampered: Evidence is not what was signed (threat T05).
        Refused: An item is missing, loosened, or failed and not waived.
    """
    request = terms.request
    need_all(request.checklist, asked, word.config)
    need_evidence(folder, request, asked)
    waived, notes = waivers(folder, terms, word)
    gone = {one.item for one in waived}
    failed = [one.id for one in request.checklist if one.state == "fail" and one.id not in gone]
    if failed:
        again = "mend it, then inv checklist.open"
        raise Refused(
            f"the checklist says no: {listed(failed)}",
            fact="; ".join(notes) or "nobody waived it",
            clears=again,
        )
    left = tuple(one for one in request.checklist if one.state == "open" and one.id not in gone)
    return Answered(left, waived, notes)


def need_all(items: Iterable[Item], asked: Checklist, config: Config) -> None:
    """Refuse a request that asks less than the template which the policy binds (threat T05).

    Raises:
        Refused: An item is missing, there twice, or another one's, or may be waived where it may not.
    """
    there = tuple(items)
    ids = [one.id for one in there]
    need(len(set(ids)) == len(ids), "T05: an item stands there twice", ", ".join(ids))
    found = {one.id: one for one in there}
    if lost := [one.id for one in asked.item if one.id not in found]:
        raise Refused("T05: the request lacks items of the checklist", fact=listed(lost))
    loose = [one.id for one in asked.item if not _as_asked(found[one.id], one, config)]
    if loose:
        raise Refused("T05: the request asks otherwise than the checklist", fact=listed(loose))


def _as_asked(item: Item, asked: Asked, config: Config) -> bool:
    """Whether an item is the one that the template means."""
    by_person = asked.evidence == PERSON
    same = (item.owner, item.waivable) == (roles.named(config, asked.owner), asked.waivable)
    return same and by_person == (item.state == "open") and by_person == (item.evidence is None)


def need_evidence(folder: Folder, request: Request, asked: Checklist) -> None:
    """Refuse evidence that is not what was signed.

    Raises:
        Tampered: A file's digest is another one.
        Refused: A file is missing, or does not say what the item says.
    """
    gates = {one.id: one.evidence for one in asked.item}
    signed = {DIFFERENCE: request.difference.sha256}
    signed |= {f"{one.id}.json": one.evidence.sha256 for one in request.checklist if one.evidence}
    contents = {name: folder.evidence(name) for name in signed}
    if swapped := [name for name, digest in signed.items() if sha256(contents[name]) != digest]:
        raise Tampered("T05: evidence was changed after it was signed", fact=listed(swapped))
    for item in request.checklist:
        if item.evidence and item.id in gates:
            _need_said(item, gates[item.id], contents[f"{item.id}.json"])


def _need_said(item: Item, gate: str, content: bytes) -> None:
    """That the evidence is of the gate that was asked for, and says what the item says."""
    try:
        told = json.loads(content)
        said = (told["gate"], told["answer"] in PASSING)
    except (ValueError, TypeError, KeyError):
        raise Refused("T05: evidence cannot be read", fact=item.id) from None
    need(said == (gate, item.state == "pass"), "T05: evidence says something else than its item", item.id)


def waivers(folder: Folder, terms: Terms, word: Word) -> tuple[tuple[Waived, ...], tuple[str, ...]]:
    """The waivers that hold, by those who may give them; and why others do not count."""
    found, notes = [], []
    for paper in folder.waivers():
        try:
            waiver, _ = holding(paper, terms, Waiver.verified)
            found.append(_waived(waiver, terms.request, word))
        except RelmanError as error:
            notes.append(not_counted(paper, error))
    return tuple(found), tuple(notes)


def _waived(waiver: Waiver, request: Request, word: Word) -> Waived:
    item = next((one for one in request.checklist if one.id == waiver.item), None)
    if item is None or not item.waivable:
        raise Refused("T05: nobody may waive that item", fact=waiver.item)
    need(waiver.role == item.owner, f"{item.id} is waived by {item.owner} alone", waiver.role)
    person = word.person(waiver.signer)
    word.need_role(person, waiver.role)
    word.need_no_author(person, waiver.role)
    return Waived(item.id, person, waiver.reason)


def unanswered(left: Iterable[Item], voices: Sequence[Entitled]) -> tuple[Item, ...]:
    """The items that nobody who may has answered in their vote (step 7)."""
    said = {(item, one.cast.vote.role) for one in voices for item in one.cast.vote.items}
    return tuple(item for item in left if (item.id, item.owner) not in said)
