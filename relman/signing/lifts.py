"""What people sign to lift a gate: the override of the one who cuts, and the consent of a second person.

What it is not: a lift. Whose word counts is judged by the gates (``gates.approval.breakglass``).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from relman.signing.statements import COMMENT, DOMAIN, Digest, Seconds, Subject, Word, stated, unstated
from relman.signing.strict import converted

OVERRIDE_TYPE = f"https://{DOMAIN}/attestation/override/v1"
CONSENT_TYPE = f"https://{DOMAIN}/attestation/override-consent/v1"


class Override(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One person's wish that one gate lets one candidate pass, once somebody else agrees.

    Attributes:
        gate: The gate's id.
        service: The candidate's, as are ``project`` to ``commit``.
        reason: Why, in at most 280 characters.
        incident: The incident that it belongs to.
        emergency: A freeze or a holiday is to be pierced too.
        signer: The person, as the list of signers names the principal.
        signed_at: When the person says it was signed, in seconds since 1970.
    """

    gate: Word
    service: Word
    project: Word
    region: Word
    environment: Word
    version: Word
    commit: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(min_length=1, max_length=COMMENT)]
    incident: Word
    emergency: bool
    signer: Word
    signed_at: Seconds

    def statement(self, image: Subject) -> bytes:
        """The bytes to sign, about an image."""
        return stated(OVERRIDE_TYPE, (image,), msgspec.to_builtins(self))

    @classmethod
    def read(cls, content: bytes) -> tuple[tuple[Subject, ...], Override]:
        """Image and override of a statement.

        Raises:
            Refused: The bytes are no canonical statement of an override.
        """
        subject, predicate = unstated(content, OVERRIDE_TYPE, "the override")
        return subject, converted(predicate, cls, "the override")


class Consent(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A second person's word that an override may be. From here its two hours run.

    Attributes:
        override: SHA-256 of the override's bytes.
        signer: The person, as the list of signers names the principal.
        signed_at: When the person says it was signed, in seconds since 1970.
    """

    override: Digest
    signer: Word
    signed_at: Seconds

    def statement(self, subject: tuple[Subject, ...]) -> bytes:
        """The bytes to sign, about the same image."""
        return stated(CONSENT_TYPE, subject, msgspec.to_builtins(self))

    @classmethod
    def read(cls, content: bytes) -> tuple[tuple[Subject, ...], Consent]:
        """Image and consent of a statement.

        Raises:
            Refused: The bytes are no canonical statement of a consent.
        """
        subject, predicate = unstated(content, CONSENT_TYPE, "the consent")
        return subject, converted(predicate, cls, "the consent")
