"""What people sign: in-toto statements over RFC 8785 bytes, one per person and decision.

What it is not: the signature (``sshsig``), or a judge of what a decision is worth (the gates). A statement
is parsed only once its signature holds, and only the bytes as stored count.

Source: in-toto attestation framework, Statement v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from relman import clock
from relman.models import Emit, silent
from relman.signing.keygen import OwnKey, Signed, signed
from relman.signing.sshsig import Verified, verified
from relman.signing.strict import canonical, converted, need, parsed, sha256

DOMAIN = "relman.dev"
GO, POLICY, OVERRIDE = f"go@{DOMAIN}", f"policy@{DOMAIN}", f"override@{DOMAIN}"
CHECKPOINT, CI, DUTY = f"checkpoint@{DOMAIN}", f"ci@{DOMAIN}", f"duty@{DOMAIN}"
NAMESPACES = (GO, POLICY, OVERRIDE, CHECKPOINT, CI, DUTY)
"""What a signature may be for. None of one namespace counts in another; a machine has ``ci`` and
``checkpoint`` alone."""

STATEMENT = "https://in-toto.io/Statement/v1"
VOTE_TYPE = f"https://{DOMAIN}/attestation/go-no-go/v1"
WAIVER_TYPE = f"https://{DOMAIN}/attestation/waiver/v1"
DUTY_TYPE = f"https://{DOMAIN}/attestation/duty/v1"
COMMENT = 280
"""How many characters a comment may have."""

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Seconds = Annotated[int, Meta(ge=0, lt=2**40)]


class Sha256(Struct, frozen=True, forbid_unknown_fields=True):
    """A set of digests as in-toto writes it (DigestSet), with the one that counts here."""

    sha256: Digest


class Subject(Struct, frozen=True, forbid_unknown_fields=True):
    """What a statement is about (in-toto ResourceDescriptor): found by its digest, shown by its name."""

    name: Word
    digest: Sha256

    @classmethod
    def of(cls, name: str, sha256: str) -> Subject:
        """Something by its name and its SHA-256 in hex."""
        return cls(name, Sha256(sha256))


class Vote(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """One person's word on one request.

    Attributes:
        decision: ``GO`` or ``NO-GO``.
        role: The role that the person speaks in.
        signer: The person, as the list of signers names the principal.
        signed_at: When the person says it was signed, in seconds since 1970; it proves nothing alone.
        request: SHA-256 of the request's bytes.
        items: The items of the checklist that the person answers for.
        comment: At most 280 characters.
        supersedes: SHA-256 of the vote's bytes that this one takes the place of; the signer's own.
    """

    decision: Literal["GO", "NO-GO"]
    role: Word
    signer: Word
    signed_at: Seconds
    request: Digest
    items: tuple[Word, ...] = ()
    comment: Annotated[str, Meta(max_length=COMMENT)] = ""
    supersedes: Digest | None = None

    def statement(self, subject: tuple[Subject, ...]) -> bytes:
        """The bytes to sign.

        Args:
            subject: The request's own subject: the image.
        """
        return stated(VOTE_TYPE, subject, _bound(self))

    @classmethod
    def read(cls, content: bytes) -> tuple[tuple[Subject, ...], Vote]:
        """Subject and vote of a statement.

        Raises:
            Refused: The bytes are no canonical statement of a vote.
        """
        subject, predicate = unstated(content, VOTE_TYPE, "the vote")
        return subject, converted(_unbound(predicate, "the vote"), cls, "the vote")

    @classmethod
    def verified(cls, content: bytes, signature: bytes) -> tuple[tuple[Subject, ...], Vote, Verified]:
        """Subject and vote as they were signed, and who did.

        Raises:
            Tampered: The signature does not hold for these bytes.
            Refused: They are no statement of a vote.
        """
        by = verified(content, signature, GO)
        return *cls.read(content), by


class Waiver(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One person's word that an item of one request's checklist may be left open.

    Attributes:
        item: The item's id.
        role: The role that the person speaks in: the item's owner.
        signer: The person, as the list of signers names the principal.
        signed_at: When the person says it was signed, in seconds since 1970; it proves nothing alone.
        request: SHA-256 of the request's bytes.
        reason: Why, in at most 280 characters.
    """

    item: Word
    role: Word
    signer: Word
    signed_at: Seconds
    request: Digest
    reason: Annotated[str, Meta(min_length=1, max_length=COMMENT)]

    def statement(self, subject: tuple[Subject, ...]) -> bytes:
        """The bytes to sign.

        Args:
            subject: The request's own subject: the image.
        """
        return stated(WAIVER_TYPE, subject, _bound(self))

    @classmethod
    def read(cls, content: bytes) -> tuple[tuple[Subject, ...], Waiver]:
        """Subject and waiver of a statement.

        Raises:
            Refused: The bytes are no canonical statement of a waiver.
        """
        subject, predicate = unstated(content, WAIVER_TYPE, "the waiver")
        return subject, converted(_unbound(predicate, "the waiver"), cls, "the waiver")

    @classmethod
    def verified(cls, content: bytes, signature: bytes) -> tuple[tuple[Subject, ...], Waiver, Verified]:
        """Subject and waiver as they were signed, and who did.

        Raises:
            Tampered: The signature does not hold for these bytes.
            Refused: They are no statement of a waiver.
        """
        by = verified(content, signature, GO)
        return *cls.read(content), by


class _Bound(Struct, frozen=True, forbid_unknown_fields=True):
    digest: Sha256


def _bound(said: Vote | Waiver) -> dict[str, Any]:
    """A predicate, with its request named as in-toto names things: by a set of digests."""
    predicate: dict[str, Any] = msgspec.to_builtins(said)
    return predicate | {"request": {"digest": {"sha256": said.request}}}


def _unbound(predicate: dict[str, Any], named: str) -> dict[str, Any]:
    """The predicate as it was before ``_bound``."""
    bound = converted(predicate.get("request"), _Bound, f"{named}'s request")
    return predicate | {"request": bound.digest.sha256}


class Duty(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One person's word that a duty was taken on or done.

    Attributes:
        duty: The ledger's kind of entry: ``oncall.accepted``, ``cadence.held``, ``model.reviewed``.
        person: The id of the person in relman.toml.
        signed_at: When the person says it was signed, in seconds since 1970.
        facts: What exactly: the shift's start and end, the meeting's date. JSON only.
    """

    duty: Word
    person: Word
    signed_at: Seconds
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def taken(cls, duty: str, person: str, at: datetime, facts: Mapping[str, Any]) -> Duty:
        """A duty at a moment.

        Raises:
            UsageError: The moment has no offset.
        """
        return cls(duty, person, int(clock.aware(at).timestamp()), dict(facts))

    @property
    def at(self) -> datetime:
        """When the person says it was signed."""
        return datetime.fromtimestamp(self.signed_at, UTC)

    def statement(self) -> bytes:
        """The bytes to sign; their subject is the facts' digest."""
        return stated(DUTY_TYPE, (self.subject,), msgspec.to_builtins(self))

    def signed(self, key: OwnKey, emit: Emit = silent) -> Signed:
        """Sign it, in the namespace of duties. What is raised says ``keygen.signed``."""
        return signed(self.statement(), DUTY, key, emit)

    @classmethod
    def read(cls, content: bytes) -> Duty:
        """The duty of a statement.

        Raises:
            Refused: The bytes are no canonical statement of a duty.
        """
        subject, predicate = unstated(content, DUTY_TYPE, "the duty")
        duty = converted(predicate, cls, "the duty")
        need(subject == (duty.subject,), "the duty is about something else than its subject")
        return duty

    @classmethod
    def verified(cls, content: bytes, signature: bytes) -> tuple[Duty, Verified]:
        """The duty that was signed, and who did.

        Raises:
            Tampered: The signature does not hold for these bytes.
            Refused: They are no statement of a duty.
        """
        by = verified(content, signature, DUTY)
        return cls.read(content), by

    @property
    def subject(self) -> Subject:
        """What its statement is about: the facts, by their digest."""
        return Subject.of(self.duty, sha256(canonical(self.facts)))


def stated(kind: str, subject: tuple[Subject, ...], predicate: Mapping[str, Any]) -> bytes:
    """The bytes of a statement of one kind."""
    about = msgspec.to_builtins(subject)
    return canonical(
        {"_type": STATEMENT, "predicateType": kind, "subject": list(about), "predicate": predicate}
    )


def unstated(content: bytes, kind: str, named: str) -> tuple[tuple[Subject, ...], dict[str, Any]]:
    """Subject and predicate of a statement of one kind."""
    value = parsed(content, named)
    statement = converted(value, _Statement, named)
    need(statement.type == STATEMENT, f"{named} is no in-toto statement", statement.type)
    need(
        statement.predicate_type == kind, f"{named} is a statement of another kind", statement.predicate_type
    )
    return statement.subject, statement.predicate


class _Statement(Struct, frozen=True, forbid_unknown_fields=True):
    type: Word = field(name="_type")
    predicate_type: Word = field(name="predicateType")
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=16)]
    predicate: dict[str, Any]
