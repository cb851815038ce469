"""★ The verification of a go/no-go: the numbered steps of the contract, in its order; every one fails closed.

What it is not: an act. Step 8, the use of the request, is recorded with the opening of the run
(``consuming``). Nothing here is believed because a file says so: what the policy, the ledger, git and the
platform say now is held against the bytes that people signed.

Source: the project's contract of the signed go/no-go; T01 to T22 are the threats in its table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from relman.approval import template
from relman.approval.folder import ROOT, Folder
from relman.approval.request import Item, Request
from relman.errors import Refused, RelmanError, Tampered
from relman.gates.approval import (
    binding,
    choosing,
    consuming,
    guarding,
    items,
    observing,
    rules,
    seats,
    votes,
)
from relman.gates.approval.findings import Finding, Findings, Held, State
from relman.gates.approval.items import Answered, Waived
from relman.gates.approval.seats import Seat
from relman.gates.approval.votes import Cast, Entitled, Heard, Terms, Word
from relman.gates.question import Question
from relman.models import listed
from relman.signing import InForce, need
from relman.signing.strict import sha256


class Frozen(Struct, frozen=True):
    """A request as it lies there.

    Attributes:
        folder: Where.
        request: What it says.
        digest: SHA-256 of its bytes.
    """

    folder: Folder
    request: Request
    digest: str


class Place(Struct, frozen=True):
    """A seat, and who took it; empty where it is free."""

    seat: Seat
    person: str = ""
    vote: Cast | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """What the verification found.

    Attributes:
        findings: Steps 0 to 7.
        force: The policy in force.
        frozen: The request.
        casts: The votes that hold, whoever may give them.
        places: What is needed, and who said go.
        left: The items that a person has yet to answer.
        waived: The items that were let go.
    """

    findings: tuple[Finding, ...] = ()
    force: InForce | None = None
    frozen: Frozen | None = None
    casts: tuple[Cast, ...] = ()
    places: tuple[Place, ...] = ()
    left: tuple[Item, ...] = ()
    waived: tuple[Waived, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether every step holds; none at all is no."""
        return bool(self.findings) and all(one.state is State.HOLDS for one in self.findings)

    @property
    def code(self) -> int:
        """0 where it is valid, 7 where something was tampered with, else 3."""
        if any(one.state is State.TAMPERED for one in self.findings):
            return Tampered.code
        return 0 if self.valid else Refused.code

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The steps that do not hold, without those that were not asked because of them."""
        return tuple(one for one in self.findings if one.state in {State.REFUSED, State.TAMPERED})


def judged(question: Question, version: str = "", environ: Mapping[str, str] = os.environ) -> Judged:
    """Is there a valid GO for this candidate, now?

    Args:
        question: What a gate is asked; its instant is the one at which keys, roles and times must hold.
        version: Of which version, where no candidate is prepared here.
        environ: The environment, where a genesis may be pinned.
    """
    found = Findings()
    force = found.take(0, "policy", step_0, question, environ)
    frozen = found.take(1, "request", step_1, question, version)
    found.take(2, "terms", step_2, question, force, frozen)
    found.take(3, "bound facts", step_3, question, frozen)
    terms = Terms.of(frozen.request, frozen.digest, force, question.now) if frozen and force else None
    word = Word(question.config, force.policy, frozen.request) if frozen and force else None
    answers = found.take(4, "checklist", step_4, question, frozen, terms, word)
    cast = found.take(5, "votes", step_5, question, frozen, terms)
    voices = found.take(6, "voters", step_6, cast, word)
    found.take(7, "quorum", step_7, answers, voices, word)
    return Judged(
        findings=tuple(found.all),
        force=force,
        frozen=frozen,
        casts=cast.casts if cast else (),
        places=_places(word, voices or ()),
        left=items.unanswered(answers.left, voices or ()) if answers else (),
        waived=answers.waived if answers else (),
    )


def step_0(question: Question, environ: Mapping[str, str]) -> Held[InForce]:
    """The policy in force: from the pinned genesis on, and never behind what the ledger knows.

    Raises:
        Refused: No genesis is pinned, or there is no policy.
        Tampered: The chain does not hold (T08).
    """
    force = rules.of(question, environ)
    return Held(force, f"version {force.policy.version}, sha256 {force.digest}", force.ahead)


def step_1(question: Question, version: str) -> Held[Frozen]:
    """The request: there, canonical, in its own folder, as it was opened, and not used by another run.

    Raises:
        Refused: It is not there, no request, or used (T04).
        Tampered: It is another one than was opened (T05).
    """
    folder = choosing.chosen(question, version)
    content = folder.request()
    digest = sha256(content)
    opening = [one.detail for one in choosing.opened(question.entries, question.target.environment)]
    known = [one["request"] for one in opening if one["folder"] == folder.name]
    if known and digest not in known:
        raise Tampered("T05: the request was changed after it was opened", fact=f"sha256 {digest}")
    request = Request.read(content)
    need(request.folder == folder.name, "T04: the request lies in another one's folder", folder.name)
    consuming.need_unused(question.entries, digest, question.run)
    return Held(Frozen(folder, request, digest), f"{ROOT}/{folder.name}, sha256 {digest}")


def step_2(question: Question, force: InForce, frozen: Frozen) -> Held[bool]:
    """Its terms: this policy, in its time, and rules that nobody changed without a signature.

    Raises:
        Refused: It is for another policy or unsigned rules (T08), too early, expired, or for too long (T04).
    """
    request, now = frozen.request, question.now.timestamp()
    same = (request.policy.version, request.policy.digest.sha256) == (force.policy.version, force.digest)
    told = f"it is for policy {request.policy.version}, in force is {force.policy.version}"
    _need(same, "T08: the policy is another one since", told)
    guarding.need_unchanged(question, force, request.commit)
    begins, ends = (_moment(one) for one in (request.created_at, request.expires_at))
    early = request.created_at - votes.SKEW.total_seconds()
    _need(now >= early, "T03: the request comes from the future", begins)
    _need(now < request.expires_at, "T04: the approval expired", ends)
    lasts = request.expires_at - request.created_at
    _need(lasts <= observing.LONGEST.total_seconds(), "T04: the approval is for too long", f"until {ends}")
    return Held(True, f"until {ends}")  # noqa: FBT003 - what it holds is that it holds


def step_3(question: Question, frozen: Frozen) -> Held[bool]:
    """What was signed is what would ship, replacing what serves, in the window that it was signed for.

    Raises:
        Refused: A bound fact is another one (T04 to T08).
    """
    binding.need_same(frozen.request, question)
    return Held(True, f"{frozen.request.image} replaces {_replaced(frozen.request)}")  # noqa: FBT003


def step_4(question: Question, frozen: Frozen, terms: Terms, word: Word) -> Held[Answered]:
    """The checklist: every item of the template, none loosened, its evidence untouched, none failed.

    Raises:
        Refused: An item is missing or failed.
        Tampered: Evidence is not what was signed (T05).
    """
    asked = template.read(template.content(question.repo().root / ROOT))
    found = items.answered(frozen.folder, asked, terms, word)
    told = [f"{len(frozen.request.checklist)} items", *map(str, found.waived)]
    return Held(found, ", ".join(told), found.notes)


def step_5(question: Question, frozen: Frozen, terms: Terms) -> Held[Heard]:
    """The votes that hold: signed over these bytes, by a key that counts now, about this request.

    Raises:
        Tampered: One that was cast is gone (T12).
    """
    found = votes.heard(frozen.folder.votes(), terms, question.entries)
    told = listed(f"{one.vote.decision} by {one}" for one in found.casts) if found.casts else "none yet"
    return Held(found, told, found.notes)


def step_6(cast: Heard, word: Word) -> Held[tuple[Entitled, ...]]:
    """Who may say go: holds the role now, wrote nothing of it, and is one person with one key.

    Raises:
        Refused: Somebody who may says NO-GO.
    """
    found, notes = votes.entitled(cast.casts, word)
    strange = tuple(f"{one} wrote too, and [people] does not know who that is" for one in word.strangers)
    told = listed(f"{one.person} as {one.cast.vote.role}" for one in found) if found else "nobody yet"
    return Held(found, told, (*notes, *strange))


def step_7(answers: Answered, voices: tuple[Entitled, ...], word: Word) -> Held[bool]:
    """Enough of them: each seat taken by another person, each open item answered by its owner.

    Raises:
        Refused: What is missing is named, with who may give it.
    """
    places, left = _seating(word, voices), items.unanswered(answers.left, voices)
    short = [f"go of {one.seat} ({_who(word, places, one)})" for one in places if not one.person]
    short += [f"{one.id} of {one.owner}" for one in left]
    _need(not short, "short of", listed(short) if short else "", "inv checklist.sign")
    return Held(True, listed(f"{one.person} as {one.seat}" for one in places))  # noqa: FBT003


def free(word: Word, places: tuple[Place, ...], place: Place) -> tuple[str, ...]:
    """The persons who may take a seat: they hold its role, wrote nothing of it, and have no other seat."""
    seated = {one.person for one in places}
    found = (person for role in place.seat.roles for person in word.holders(role) if _may(word, person, role))
    return tuple(dict.fromkeys(person for person in found if person not in seated))


def _may(word: Word, person: str, role: str) -> bool:
    return person in word.config.people and (role in word.policy.self_approval or not word.wrote(person))


def _who(word: Word, places: tuple[Place, ...], place: Place) -> str:
    return " or ".join(free(word, places, place)) or "nobody is left who may"


def _places(word: Word | None, voices: tuple[Entitled, ...]) -> tuple[Place, ...]:
    """Every seat as far as it is known; a step has said why where it is not."""
    try:
        return _seating(word, voices) if word else ()
    except RelmanError:
        return ()


def _seating(word: Word, voices: tuple[Entitled, ...]) -> tuple[Place, ...]:
    """Every seat, with who took it."""
    wanted = seats.needed(word.config, word.policy)
    taken = seats.seated(wanted, ((one.person, one.cast.vote.role) for one in voices))
    votes_of = {(one.person, one.cast.vote.role): one.cast for one in voices}
    return tuple(_place(seat, taken.get(number, ""), votes_of) for number, seat in enumerate(wanted))


def _place(seat: Seat, person: str, votes_of: Mapping[tuple[str, str], Cast]) -> Place:
    vote = next((votes_of[person, role] for role in seat.roles if (person, role) in votes_of), None)
    return Place(seat, person, vote)


def _need(truth: object, what: str, fact: str, clears: str = choosing.OPEN) -> None:
    """Refuse, with what a person types to have another request."""
    if not truth:
        raise Refused(what, fact=fact, clears=clears)


def _replaced(request: Request) -> str:
    return request.replaces.revision if request.replaces else "nothing: it is the first release"


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%a %Y-%m-%d %H:%M:%S}Z"
