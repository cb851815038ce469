"""Whether an override was signed by the two who may, for this candidate, and still holds (ruling 3).

What it is not: a way around smoke, signatures or the way back, which nobody lifts. Authors are not left out
here: what lifts a gate approves no change, and the go/no-go, which leaves them out, stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from relman.approval.folder import Paper
from relman.clock import stamp
from relman.config import Config
from relman.errors import RelmanError
from relman.gates.approval import rules
from relman.gates.approval.votes import SKEW
from relman.gates.question import Question
from relman.models import Candidate, listed
from relman.ops import people
from relman.ops.overrides import LASTS, Granted
from relman.ops.shifts import Shifts
from relman.signing import OVERRIDE, InForce, Subject, need, verified
from relman.signing.lifts import Consent, Override
from relman.signing.sshsig import Verified
from relman.signing.strict import sha256


class Terms(NamedTuple):
    """What the words of two people are held against.

    Attributes:
        config: The model, as the policy binds it.
        force: The policy in force.
        on_call: Who is on call now.
        now: The moment that counts.
    """

    config: Config
    force: InForce
    on_call: Callable[[], str]
    now: datetime

    @classmethod
    def of(cls, question: Question) -> Terms:
        """Under the policy in force.

        Raises:
            Refused: There is none.
            Tampered: The chain does not hold.
        """
        rota, now = question.config.oncall, question.now
        shifts = Shifts.of(rota, question.team) if rota else None
        return cls(question.config, rules.of(question), lambda: (shifts and shifts.person(now)) or "", now)

    def person(self, signer: str) -> str:
        """The id of the person with that address.

        Raises:
            Refused: Nobody has it.
        """
        found = people.by_email(self.config, signer)
        need(found, "[people] knows nobody with that address", signer)
        return found

    def answering(self, row: str) -> tuple[str, ...]:
        """Those who answer for a row: its A, and who stands in."""
        return people.people_of(self.config, people.accountable(self.config, row), self.on_call)

    def entitled(self, signer: str, by: Verified, signed_at: int) -> None:
        """Refuse a key that does not count now, or a time that is not now's.

        Raises:
            Refused: Why.
        """
        by.present(pin=self.force.policy.pin)
        self.force.signers.entitled(signer, by, self.now)
        said = datetime.fromtimestamp(signed_at, UTC)
        early = f"it says {stamp(said)}, and it is {stamp(self.now)}"
        need(said <= self.now + SKEW, "T09: it was signed at another time than now", early)


class Asked(NamedTuple):
    """An override that one person has signed.

    Attributes:
        override: What it says.
        subject: The image.
        digest: SHA-256 of its bytes.
        person: Who signed it, by id.
        by: The signature.
    """

    override: Override
    subject: tuple[Subject, ...]
    digest: str
    person: str
    by: Verified

    @property
    def at(self) -> datetime:
        """When the first person says it was signed."""
        return datetime.fromtimestamp(self.override.signed_at, UTC)


class Agreed(NamedTuple):
    """An override that two people have signed.

    Attributes:
        asked: The first one's word.
        person: The second, by id.
        since: When the second person signed, from which on its two hours run.
    """

    asked: Asked
    person: str
    since: datetime


def asked(paper: Paper, terms: Terms) -> Asked:
    """An override that its signer may ask for.

    Raises:
        Tampered: The signature does not hold for these bytes.
        Refused: It is no override, or the key does not count.
    """
    need(not paper.fault, paper.fault)
    # 1. The signature over the bytes as they lie there, in the namespace of overrides and no other.
    by = verified(paper.content, paper.signature, OVERRIDE)
    # 2. Then what they say; 3. and the key: a person was there, it is theirs, and counts now.
    subject, said = Override.read(paper.content)
    terms.entitled(said.signer, by, said.signed_at)
    return Asked(said, subject, sha256(paper.content), terms.person(said.signer), by)


def need_about(found: Asked, candidate: Candidate, gate: str) -> None:
    """Refuse an override of something else (threat T09): one gate, one digest.

    Raises:
        Refused: What it is for is told.
    """
    said, key = found.override, candidate.key
    named = (said.gate, said.service, said.project, said.region, said.environment, said.version, said.commit)
    here = (gate, key.service, key.project, key.region, candidate.environment)
    image = tuple(one.digest.sha256 for one in found.subject)
    same = named == (*here, candidate.version, candidate.commit)
    told = f"{said.gate} for {said.service} {said.version} ({said.commit[:7]}) in {said.environment}"
    need(same and image == (candidate.digest.partition(":")[2],), "T09: the override is for another", told)


def need_waiting(found: Asked, now: datetime) -> None:
    """Refuse an override that nobody agreed to in time.

    Raises:
        Refused: It was signed too long ago.
    """
    fresh = now < found.at + LASTS
    need(fresh, "T09: the override has expired", f"it was signed {stamp(found.at)}, and lasts two hours")


def need_second(found: Asked, person: str, row: str, terms: Terms) -> None:
    """Refuse a second person who is the first, or not the one whom the table names (ruling 3).

    Of an emergency either of the two is the A; else the second is, whoever cuts.

    Raises:
        Refused: Who may is told.
    """
    need(person != found.person, "T16: two people lift a gate", f"{person} has signed it already")
    may = terms.answering(row)
    either = {person, found.person} if found.override.emergency else {person}
    role, who = people.accountable(terms.config, row), listed(may) if may else "nobody"
    need(either & set(may), f"T16: {role or 'the A'} of {row} has to agree", f"that is {who}, not {person}")


def agreed(found: Asked, paper: Paper, row: str, terms: Terms) -> Agreed:
    """An override with the consent of a second person, while it lasts.

    Raises:
        Tampered: The signature does not hold for these bytes.
        Refused: It is about another override, not theirs to give, or over.
    """
    need(not paper.fault, paper.fault)
    by = verified(paper.content, paper.signature, OVERRIDE)
    subject, said = Consent.read(paper.content)
    same = (subject, said.override) == (found.subject, found.digest)
    need(same, "T09: the consent is to another override", f"sha256 {said.override[:12]}")
    terms.entitled(said.signer, by, said.signed_at)
    need(by.key != found.by.key, "T16: one key signed twice", by.key.fingerprint)
    person, since = terms.person(said.signer), datetime.fromtimestamp(said.signed_at, UTC)
    need_second(found, person, row, terms)
    need(since >= found.at - SKEW, "T09: the consent is older than the override", stamp(since))
    need_waiting(found, since)
    need(terms.now < since + LASTS, "T09: the override has expired", f"it was lifted from {stamp(since)} on")
    return Agreed(found, person, since)


def first_agreed(
    found: Asked, papers: Iterable[Paper], row: str, terms: Terms
) -> tuple[Agreed, Paper] | None:
    """The first consent that counts, with its file; None where none does."""
    for paper in papers:
        with suppress(RelmanError):
            return agreed(found, paper, row, terms), paper
    return None


def objection(one: Granted, row: str, question: Question) -> str:
    """Why an override of the ledger does not count for a team; empty if it does (threat T16).

    What two people have signed is verified anew, so that an entry that somebody wrote lifts nothing, and a
    key that was taken back since counts no more.
    """
    try:
        first, second = (
            Paper("", said["statement"].encode(), said["signature"].encode()) for said in one.signatures
        )
        terms = Terms.of(question)
        found = asked(first, terms)
        need_about(found, question.candidate, one.gate)
        end = agreed(found, second, row, terms).since + LASTS
        need(one.expires <= end, "T09: it lasts longer than was signed", stamp(one.expires))
        need(one.emergency <= found.override.emergency, "T16: no emergency was signed")
    except RelmanError as error:
        return error.what + f" ({error.fact})" * bool(error.fact)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "nobody has signed it"
    return ""


def subject_of(candidate: Candidate) -> Subject:
    """The image of a candidate, as statements name it."""
    name, _, digest = candidate.image.partition("@sha256:")
    return Subject.of(name, digest)
