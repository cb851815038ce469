"""The votes on a request: which of them hold, and whether each person may say what they say (steps 5 and 6).

What it is not: the counting (``quorum``). A bad vote is reported and not counted, so that a stray file stops
nobody; a valid NO-GO stops everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from msgspec import Struct

from relman.approval.folder import SIGNED, Paper
from relman.approval.request import Request
from relman.config import Config
from relman.errors import Refused, RelmanError, Tampered
from relman.gates.approval import seats
from relman.ledger import Entry
from relman.models import listed
from relman.ops import people
from relman.signing import InForce, Policy, Signers, Subject, Verified, Vote, Waiver, need
from relman.signing.strict import sha256

VOTED = "checklist.voted"
"""The ledger's entry of a vote."""
SKEW = timedelta(minutes=5)
"""How far ahead of our clock somebody may have signed."""
Said = TypeVar("Said", Vote, Waiver)
Read = Callable[[bytes, bytes], tuple[tuple[Subject, ...], Said, Verified]]


class Terms(NamedTuple):
    """What every vote and waiver is held against.

    Attributes:
        request: What was put to the vote.
        digest: SHA-256 of its bytes.
        policy: The policy in force.
        signers: Whose keys count.
        now: The moment that counts; never one that a signer wrote down (threat T03).
    """

    request: Request
    digest: str
    policy: Policy
    signers: Signers
    now: datetime

    @classmethod
    def of(cls, request: Request, digest: str, force: InForce, now: datetime) -> Terms:
        """Under the policy in force."""
        return cls(request, digest, force.policy, force.signers, now)


class Cast(NamedTuple):
    """A vote that holds.

    Attributes:
        name: Its file.
        digest: SHA-256 of its bytes.
        vote: What it says.
        by: Its signature.
    """

    name: str
    digest: str
    vote: Vote
    by: Verified

    def __str__(self) -> str:
        """``ana@mervo.example (eng-lead)``."""
        return f"{self.vote.signer} ({self.vote.role})"


class Heard(NamedTuple):
    """The votes that hold and that no later one of the same signer took the place of.

    Attributes:
        casts: By name.
        notes: What does not count, and why.
    """

    casts: tuple[Cast, ...]
    notes: tuple[str, ...]


def heard(papers: Sequence[Paper], terms: Terms, entries: Iterable[Entry]) -> Heard:
    """The votes that hold (step 5).

    Raises:
        Tampered: A vote that was cast is no longer there (threat T12).
    """
    _need_all_there(papers, terms.digest, entries)
    casts: dict[str, Cast] = {}
    notes = []
    for paper in papers:
        try:
            vote, by = holding(paper, terms, Vote.verified)
        except RelmanError as error:
            notes.append(not_counted(paper, error))
        else:
            digest = sha256(paper.content)
            casts.setdefault(digest, Cast(paper.name, digest, vote, by))
    return Heard(_latest(casts.values()), tuple(notes))


def holding(paper: Paper, terms: Terms, read: Read[Said]) -> tuple[Said, Verified]:
    """What a signed file says, if it counts, and who signed it.

    Raises:
        Tampered: The signature does not hold for these bytes (threat T02).
        Refused: It is about another request, out of its time, or its key does not count.
    """
    need(not paper.fault, paper.fault)
    # a) the signature over the bytes as they lie there, before anything of them is believed
    # b) then the statement: canonical, and about this very image and request
    subject, said, by = read(paper.content, paper.signature)
    need(
        subject == terms.request.subject, "T04: it is about another image", ", ".join(s.name for s in subject)
    )
    need(said.request == terms.digest, "T05: it is about another request", f"sha256 {said.request[:12]}")
    need(_named(paper.name, said), "T02: its file has another one's name")
    # c) and the key: a person was there, it is that person's, and it counts now
    by.present(hardware=said.role in terms.policy.hardware, pin=terms.policy.pin)
    terms.signers.entitled(said.signer, by, terms.now)
    latest = (terms.now + SKEW).timestamp()
    in_time = terms.request.created_at - SKEW.total_seconds() <= said.signed_at <= latest
    need(
        in_time,
        "T03: it says that it was signed before the request was there, or after now",
        f"{said.signed_at}",
    )
    return said, by


def not_counted(paper: Paper, error: RelmanError) -> str:
    """Why a file does not count, in a line."""
    why = f"{error.what}: {error.fact}" if error.fact else error.what
    threat = "T02: " if isinstance(error, Tampered) else ""
    return f"{paper.name or 'further files'} is not counted: {threat}{why}"


def _named(name: str, said: Vote | Waiver) -> bool:
    """Whether a file is called after what is in it."""
    stem, found = said.role if isinstance(said, Vote) else said.item, SIGNED.fullmatch(name)
    return found is not None and (found["stem"], found["signer"]) == (stem, short(said.signer))


def short(signer: str) -> str:
    """The eight digits by which a signer's files are named."""
    return hashlib.sha256(signer.encode()).hexdigest()[:8]


def _latest(casts: Iterable[Cast]) -> tuple[Cast, ...]:
    """Without those that the same signer has taken back by a later one (ruling 19)."""
    known = tuple(casts)
    gone = {(one.vote.signer, one.vote.supersedes) for one in known}
    return tuple(one for one in known if (one.vote.signer, one.digest) not in gone)


def _need_all_there(papers: Iterable[Paper], request: str, entries: Iterable[Entry]) -> None:
    """That every vote which the ledger knows lies there, byte for byte."""
    there = {sha256(paper.content) for paper in papers if not paper.fault}
    cast = [one.detail for one in entries if one.kind == VOTED and one.detail.get("request") == request]
    if lost := [one for one in cast if one["vote"] not in there]:
        told = listed(f"the {one['decision']} of {one['signer']} ({one['file']})" for one in lost)
        raise Tampered(
            "T12: a vote that was cast is gone or was changed", fact=told, clears="git checkout checklists"
        )


# ── whose they are (step 6) ──────────────────────────────────────────────────────────────────────────


class Entitled(NamedTuple):
    """A vote of somebody who may give it.

    Attributes:
        person: The person's id.
        cast: The vote.
    """

    person: str
    cast: Cast


class Word(Struct, frozen=True):
    """Who may speak for a request: the model's people, and who is on call at its slot.

    Attributes:
        config: The model, as the policy binds it.
        policy: The policy in force.
        request: What was put to the vote.
    """

    config: Config
    policy: Policy
    request: Request

    def person(self, signer: str) -> str:
        """The id of the person with that address.

        Raises:
            Refused: Nobody has it, or two have.
        """
        found = [
            person
            for person, one in self.config.people.items()
            if signer.lower() in {str(email).lower() for email in one.emails}
        ]
        need(found, "[people] knows nobody with that address", signer)
        need(len(found) == 1, "T07: [people] gives that address to several", f"{signer}: {listed(found)}")
        return found[0]

    def holders(self, role: str) -> tuple[str, ...]:
        """Those who may act in a role: its holder, its deputy, or the one on call at the request's slot."""
        oncall = self.request.oncall
        return people.people_of(self.config, role, lambda: oncall.person if oncall else "")

    def wrote(self, person: str) -> str:
        """The address by which a person is among the authors; empty for who is none, by any address."""
        own = {str(email).lower() for email in self.config.people[person].emails}
        return next((author for author in self.request.authors if author.lower() in own), "")

    def need_role(self, person: str, role: str) -> None:
        """Refuse a person who does not hold a role.

        Raises:
            Refused: Who does is named.
        """
        may = self.holders(role)
        who = listed(people.name(self.config, one) for one in may) if may else "nobody"
        need(person in may, f"{person} may not speak as {role}", f"that is {who}")

    def need_no_author(self, person: str, role: str) -> None:
        """Refuse the approval of somebody who wrote what is to be approved.

        Raises:
            Refused: The address by which they wrote is named.
        """
        author = self.wrote(person)
        own = author and role not in self.policy.self_approval
        need(not own, "T07: nobody approves what they wrote themselves", f"{person} wrote as {author}")

    @property
    def strangers(self) -> tuple[str, ...]:
        """The authors whom [people] does not know, so that nobody can tell whether they voted."""
        known = {str(email).lower() for one in self.config.people.values() for email in one.emails}
        return tuple(author for author in self.request.authors if author.lower() not in known)


def entitled(casts: Iterable[Cast], word: Word) -> tuple[tuple[Entitled, ...], tuple[str, ...]]:
    """The approvals of those who may give them, and why others do not count (step 6).

    Raises:
        Refused: Somebody who may says NO-GO; it stands until they withdraw it.
    """
    found: list[Entitled] = []
    vetoes: list[Entitled] = []
    notes = []
    for cast in casts:
        try:
            person = _entitled(cast, word)
        except Refused as error:
            notes.append(f"{cast.name} is not counted: {error.what}: {error.fact}")
        else:
            (vetoes if cast.vote.decision == "NO-GO" else found).append(Entitled(person, cast))
    if against := [one for one in vetoes if one.cast.vote.role in seats.deciding(word.config)]:
        _refuse(against)
    silent = {one.person for one in vetoes}  # two words of one person: the NO counts
    return _one_key_each([one for one in found if one.person not in silent], notes), tuple(notes)


def _entitled(cast: Cast, word: Word) -> str:
    person = word.person(cast.vote.signer)
    word.need_role(person, cast.vote.role)
    if cast.vote.decision == "GO":
        word.need_no_author(person, cast.vote.role)
    return person


def _refuse(against: Sequence[Entitled]) -> None:
    told = "; ".join(
        f"{one.cast}" + (f": {one.cast.vote.comment}" if one.cast.vote.comment else "") for one in against
    )
    raise Refused("NO-GO", fact=told, clears="inv checklist.sign, by the one who said so, withdraws it")


def _one_key_each(found: Iterable[Entitled], notes: list[str]) -> tuple[Entitled, ...]:
    """Without those whose key spoke for somebody else already: one key is one person (threat T07)."""
    owners: dict[bytes, str] = {}
    kept = []
    for one in found:
        owner = owners.setdefault(one.cast.by.key.blob, one.person)
        if owner == one.person:
            kept.append(one)
        else:
            notes.append(f"{one.cast.name} is not counted: T07: its key spoke for {owner} already")
    return tuple(kept)
