"""Saying GO or NO-GO: what a person is about to sign, the signature, and its record.

What it is not: the judge (``gates.approval``). Nothing is laid down that would not count: the vote is held
against the same terms as at the cut, before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from relman import proposing
from relman.approval.folder import VOTES, WAIVERS, Paper
from relman.approval.request import Request
from relman.config import Config
from relman.driving import Driver
from relman.errors import Refused, UsageError
from relman.gates import Question
from relman.gates.approval import roles, seats, verifying
from relman.gates.approval.findings import State
from relman.gates.approval.items import DIFFERENCE
from relman.gates.approval.verifying import Frozen, Judged
from relman.gates.approval.votes import VOTED, Terms, Word, holding
from relman.ledger import Draft
from relman.models import Candidate, Event, listed
from relman.signing import GO, OwnKey, Signed, Vote, Waiver, parsed, signed
from relman.signing.statements import COMMENT
from relman.signing.strict import sha256
from relman.steps.ask import question

WAIVED = "checklist.waived"
WHO = "git config user.email with the address that [people] has of you"
SHOW = "inv checklist.show"


class Wish(Struct, frozen=True, kw_only=True):
    """What a person wants to say.

    Attributes:
        go: GO, or NO-GO.
        role: As what; empty: found out.
        comment: At most 280 characters; it is part of what is signed.
        items: The items of the checklist that the person answers for.
        waive: An item that is let go, instead of a vote.
        reason: Why it is let go.
        key: The key to sign with; empty: git's own.
    """

    go: bool = True
    role: str = ""
    comment: str = ""
    items: tuple[str, ...] = ()
    waive: str = ""
    reason: str = ""
    key: str = ""


class Ballot(Struct, frozen=True):
    """What is about to be signed.

    Attributes:
        frozen: The request.
        said: The vote, or the waiver.
        person: Who signs.
        terms: What it will be held against.
    """

    frozen: Frozen
    said: Vote | Waiver
    person: str
    terms: Terms

    @property
    def what(self) -> str:
        """``GO as eng-lead``, or ``a waiver of customers-told as eng-lead``."""
        said = self.said
        return f"{said.decision if isinstance(said, Vote) else f'a waiver of {said.item}'} as {said.role}"


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────


class Seen(NamedTuple):
    """What is put to the vote, as it stands at an instant.

    Attributes:
        judged: What the verification finds.
        evidence: The files of evidence as they were read, by name; one that was changed is not among them.
        word: Who may speak; None where there is no policy or no request.
        now: The instant.
        compared: A candidate is prepared here, so that what is bound was compared with it.
    """

    judged: Judged
    evidence: dict[str, Any]
    word: Word | None
    now: datetime
    compared: bool

    @property
    def difference(self) -> dict[str, Any]:
        """What goes live besides the image."""
        return dict(self.evidence.get(DIFFERENCE, {}))


def seen(driver: Driver, candidate: Candidate | None, version: str = "", at: datetime | None = None) -> Seen:
    """What is put to the vote for the candidate, or under a version.

    Args:
        driver: What is looked at; it drives nothing here.
        candidate: What is prepared here; None for nothing, as on most machines of those who sign.
        version: Another version than the candidate's.
        at: Another instant than now.

    Raises:
        UsageError: ``at`` is naive.
    """
    other = bool(version and candidate and candidate.version != version)
    asked = _question(driver, None if other else candidate, at)
    found = verifying.judged(asked, version)
    word = (
        Word(asked.config, found.force.policy, found.frozen.request) if found.force and found.frozen else None
    )
    return Seen(found, _evidence(found), word, asked.now, asked.proposed is not None)


def _question(driver: Driver, candidate: Candidate | None, at: datetime | None) -> Question:
    """The question of the next cut; without a candidate as much of it as there is."""
    live, entries = driver.cloud.service(driver.key), driver.store.entries(driver.key)
    chain, first = proposing.standing(live, entries, driver.cloud, driver.key)
    plan = proposing.plan_on(driver, candidate, live).digest if candidate else ""
    return question(replace(driver, plan=plan), candidate, chain, first=first, at=at)


def _evidence(found: Judged) -> dict[str, Any]:
    """What was frozen with the request; what is not what was signed is not shown to anybody."""
    if found.frozen is None:
        return {}
    request, told = found.frozen.request, {}
    signed_ = {DIFFERENCE: request.difference.sha256}
    signed_ |= {f"{one.id}.json": one.evidence.sha256 for one in request.checklist if one.evidence}
    for name, digest in signed_.items():
        with suppress(Refused):
            content = found.frozen.folder.evidence(name)
            if sha256(content) == digest:
                told[name] = parsed(content, name)
    return told


def note(text: str) -> Event:
    """A line for whoever watches."""
    return Event("note", text)


# ── signing ──────────────────────────────────────────────────────────────────────────────────────────


def ballot(email: str, seen: Seen, wish: Wish) -> Ballot:
    """What a person is about to sign; nothing is signed yet.

    Args:
        email: By which git knows the person.
        seen: What is put to the vote, as it stands.
        wish: What the person wants to say.

    Raises:
        Refused: There is nothing to vote on, its terms do not hold, or the person may not say this.
        UsageError: It is not clear as what the person speaks, or an item is not theirs to answer.
    """
    now, word = seen.judged, seen.word
    _need_signable(now, wish, compared=seen.compared)
    if now.force is None or now.frozen is None or word is None:
        raise Refused("there is nothing to sign", clears=SHOW)
    terms = Terms.of(now.frozen.request, now.frozen.digest, now.force, seen.now)
    signer = signing_as(email, word.config, terms)
    said = _waiver(wish, signer, word, terms) if wish.waive else _vote(wish, signer, word, terms, now)
    return Ballot(now.frozen, said, word.person(signer), terms)


def _need_signable(now: Judged, wish: Wish, *, compared: bool) -> None:
    """Refuse to put a name under what would be void; a NO-GO needs no more than a request."""
    firm = {0, 1} | ({2} | ({3} if compared else set()) if wish.go else set())
    stops = [one for one in now.failed if one.number in firm or (wish.go and one.state is State.TAMPERED)]
    if stops:
        raise Refused("there is nothing to sign", fact=stops[0].fact, clears=stops[0].clears or SHOW)


def signing_as(email: str, config: Config, terms: Terms) -> str:
    """Who types, as the list of signers names the principal: by git's user.email.

    Raises:
        Refused: Git does not say, or none of the person's addresses may vote.
    """
    if not email:
        raise Refused("nobody is known to sign", fact="git's user.email is not set", clears=WHO)
    found = roles.principal(config, email, terms.signers, GO)
    if not found:
        fact = f"policy {terms.policy.version} has no key for {email} to vote with"
        raise Refused("nobody of that address may vote", fact=fact, clears=WHO)
    return found


def _vote(wish: Wish, signer: str, word: Word, terms: Terms, now: Judged) -> Vote:
    person = word.person(signer)
    role = wish.role or _role(person, word, now)
    word.need_role(person, role)
    if wish.go:
        word.need_no_author(person, role)
    before = [one for one in now.casts if one.vote.signer == signer]
    taken_back = sorted(before, key=lambda one: (one.vote.decision == "GO", -one.vote.signed_at))
    return Vote(
        "GO" if wish.go else "NO-GO",
        str(role),
        str(signer),
        int(terms.now.timestamp()),
        terms.digest,
        _items(wish.items, role, terms.request),
        _short(wish.comment, "--comment"),
        taken_back[0].digest if taken_back else None,
    )


def _waiver(wish: Wish, signer: str, word: Word, terms: Terms) -> Waiver:
    item = next((one for one in terms.request.checklist if one.id == wish.waive), None)
    if item is None or not item.waivable:
        known = [one.id for one in terms.request.checklist if one.waivable]
        fact = f"{wish.waive!r}; those that may be: {listed(known) if known else 'none'}"
        raise UsageError("that item is not waived by anybody", fact=fact)
    person = word.person(signer)
    word.need_role(person, item.owner)
    word.need_no_author(person, item.owner)
    if not wish.reason.strip():
        raise UsageError("a waiver takes --reason", fact="it is part of what is signed")
    at = int(terms.now.timestamp())
    return Waiver(item.id, item.owner, str(signer), at, terms.digest, _short(wish.reason, "--reason"))


def _role(person: str, word: Word, now: Judged) -> str:
    """The one needed role that a person holds; of several the one that is still missing.

    Raises:
        Refused: The person holds none that is needed.
        UsageError: Several.
    """
    needed = [role for seat in seats.needed(word.config, word.policy) for role in seat.roles]
    held = [role for role in dict.fromkeys(needed) if person in word.holders(role)]
    free = {role for place in now.places if not place.person for role in place.seat.roles}
    found = held if len(held) == 1 else [role for role in held if role in free] or held
    if not held:
        fact = f"needed: {listed(dict.fromkeys(needed))}; {person} holds none of them"
        raise Refused("this release does not need your word", fact=fact, clears=SHOW)
    if len(found) > 1:
        raise UsageError("as what do you speak", fact=listed(found), clears=f"--role {found[0]}")
    return found[0]


def _items(wanted: Sequence[str], role: str, request: Request) -> tuple[str, ...]:
    """The items as they are signed, in the checklist's order."""
    own = [one.id for one in request.checklist if one.state == "open" and one.owner == role]
    if wrong := [one for one in wanted if one not in own]:
        fact = f"{listed(wrong)}; of {role}: {listed(own) if own else 'none'}"
        raise UsageError("that item is not for you to answer", fact=fact)
    return tuple(one for one in own if one in wanted)


def _short(text: str, flag: str) -> str:
    if len(text.strip()) > COMMENT:
        raise UsageError(f"{flag} is too long", fact=f"{len(text.strip())} characters, at most {COMMENT}")
    return text.strip()


def sign(driver: Driver, ballot: Ballot, key: str = "") -> str:
    """Sign, lay the vote down beside its signature, and record it; the file's name.

    The signature comes first: a statement without one would be a vote that does not count.

    Raises:
        Refused: The key does not sign, or does not count for this person.
    """
    said, folder = ballot.said, ballot.frozen.folder
    own = OwnKey.of(driver.repo().root, key)
    made = signed(said.statement(ballot.frozen.request.subject), GO, own, driver.emit)
    kind, stem = (VOTES, said.role) if isinstance(said, Vote) else (WAIVERS, said.item)
    name = folder.next_name(kind, stem, said.signer)
    _need_counts(name, made, ballot)
    folder.write(made.signature.encode("ascii"), kind, f"{name}.sig")
    folder.write(made.content, kind, name)
    driver.store.append([_draft(driver, ballot, name, made)])
    return f"{kind}/{name}"


def _need_counts(name: str, made: Signed, ballot: Ballot) -> None:
    """Hold the vote against the terms of the cut, before it is laid down.

    Raises:
        Refused: It would not count.
    """
    paper = Paper(name, made.content, made.signature.encode("ascii"))
    if isinstance(ballot.said, Vote):
        holding(paper, ballot.terms, Vote.verified)
    else:
        holding(paper, ballot.terms, Waiver.verified)


def _draft(driver: Driver, ballot: Ballot, name: str, made: Signed) -> Draft:
    said = ballot.said
    told = {"request": said.request, "file": name, "role": said.role, "signer": said.signer}
    told |= {"key": made.by.key.fingerprint}
    if isinstance(said, Vote):
        told |= {"vote": sha256(made.content), "decision": said.decision}
        return Draft(VOTED, driver.key, driver.environment, detail=told)
    return Draft(WAIVED, driver.key, driver.environment, detail=told | {"item": said.item})
