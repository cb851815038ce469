"""What is being approved, frozen: the one file on whose bytes everybody votes.

What it is not: a judge. It says what was true when it was made; ``gates.approval`` holds it against
what is true at the cut. Everything in it is bound: what changes makes the approval void.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from relman.errors import Refused
from relman.models import ServiceKey
from relman.signing import Subject, canonical, parsed
from relman.signing.statements import Sha256

TYPE: Final = "https://relman.dev/go-no-go-request/v1"

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Word = Annotated[str, Meta(min_length=1, max_length=512)]
Moment = Annotated[int, Meta(ge=0, lt=2**40)]
"""Seconds since 1970, as in the statements that people sign."""


class Replaced(Struct, frozen=True, forbid_unknown_fields=True):
    """What serves, and is to be replaced; the version is empty where it was adopted without one."""

    version: str
    revision: Word


class Item(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the checklist.

    Attributes:
        id: Its id in the template.
        owner: The role that answers for it.
        state: ``pass`` or ``fail`` as a machine found it, ``open`` where a person is to say.
        waivable: Whether the owner may let it go.
        evidence: The file of evidence; None where a person is the evidence.
    """

    id: Word
    owner: Word
    state: Literal["pass", "fail", "open"]
    waivable: bool = False
    evidence: Sha256 | None = None


class PolicyBound(Struct, frozen=True, forbid_unknown_fields=True):
    """The effective policy: its version and the SHA-256 of its bytes."""

    version: Annotated[int, Meta(ge=1)]
    digest: Sha256


class LedgerBound(Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger as the proposer saw it: how many leaves, and their RFC 6962 root in hex."""

    size: Annotated[int, Meta(ge=0)]
    root: Digest


class Occurrence(Struct, frozen=True, forbid_unknown_fields=True):
    """The one opening of the deploy window that the approval is for, half-open."""

    start: Moment
    end: Moment


class OnCallBound(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is on call at the release's slot, and the SHA-256 of the rota that says so."""

    person: Word
    rota: Sha256


class Request(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A release as it is put to the vote.

    Attributes:
        subject: The image, as in-toto names it: found by its digest.
        version: What is to be released.
        commit: The full hash of what was built.
        image: The image by digest.
        replaces: Written ``from``: what serves now; None at a first release.
        authors: Addresses of authors, committers and co-authors since what serves; they do not approve.
        checklist: The items of the template, answered or open.
        window: The opening that it is for; None where there is no deploy window.
        plan: The release plan's digest.
        template: The revision template's digest.
        difference: The file of what goes live besides the image.
        oncall: None where there is no rota.
        nonce: 16 random bytes in hex: two requests never are one.
        created_at: When it was made.
        expires_at: From when on it is void: the end of its window, at most eight days later.
    """

    type: Literal["https://relman.dev/go-no-go-request/v1"] = TYPE
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]
    service: Word
    project: Word
    region: Word
    environment: Word
    version: Word
    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40,64}$")]
    image: Word
    replaces: Replaced | None = field(name="from")
    authors: tuple[Word, ...]
    checklist: Annotated[tuple[Item, ...], Meta(min_length=1)]
    policy: PolicyBound
    ledger: LedgerBound
    window: Occurrence | None
    plan: Sha256
    template: Sha256
    difference: Sha256
    oncall: OnCallBound | None
    nonce: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    created_at: Moment
    expires_at: Moment

    @property
    def key(self) -> ServiceKey:
        """The service that it is about."""
        return ServiceKey(self.project, self.region, self.service)

    @property
    def folder(self) -> str:
        """Where it lies below ``checklists/``: service, version, environment, and eight digits."""
        return f"{self.service}-{self.version}-{self.environment}-{self.nonce[:8]}"

    def content(self) -> bytes:
        """Its bytes, in their RFC 8785 form.

        Raises:
            Refused: It has none, or is larger than a request may be.
        """
        content = canonical(msgspec.to_builtins(self, enc_hook=str))  # names of relman.toml are texts
        parsed(content, "the request")  # what nobody could read again is not put to the vote
        return content

    @classmethod
    def read(cls, content: bytes) -> Request:
        """The request that these bytes are.

        Raises:
            Refused: They are no canonical request.
        """
        value = parsed(content, "the request")
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise Refused("the request cannot be read", fact=str(error)) from None
