"""Whose key counts, for what, and from when until when: ``allowed_signers`` and ``revoked_keys``.

What it is not: where the list comes from. Which list is in force says the policy (``policy``); a list that
lies in the working tree is only paper.

relman reads a strict part of what ssh-keygen does, so both read the same: principals and namespaces are
exact, dates are there and in UTC (without ``Z`` they would mean another moment on every machine), nobody is
an authority over certificates. Stock skips a line that it does not understand; here it is a refusal.

Source: ssh-keygen(1), ALLOWED SIGNERS and KEY REVOCATION LISTS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from relman import clock
from relman.errors import Refused, Tampered
from relman.signing.keys import PublicKey
from relman.signing.sshsig import Verified
from relman.signing.strict import CAP, need

PRINCIPAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,126}", re.ASCII)
"""A person, or a machine, by name or address; nothing that stock reads as a pattern."""
NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,126}", re.ASCII)
FORM = "%Y%m%d%H%M%SZ"
"""How dates are written."""

_T = TypeVar("_T")

_OPTION = r'(?:namespaces|valid-after|valid-before)="[^"\\]*"'
_LINE = re.compile(
    rf"(?P<who>[^ ]+) (?P<options>{_OPTION}(?:,{_OPTION})*) (?P<key>[^ ]+ [^ ]+)(?: (?P<comment>.*))?"
)
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z", re.ASCII)


class Signer(Struct, frozen=True):
    """One line of a list: a key, whose it is, and what it may be used for.

    Attributes:
        principals: Whose key it is; more than one name is possible, and counts as one person.
        namespaces: What it may sign.
        after: From when on; the moment itself counts.
        before: Until when; the moment itself counts. None: without end.
        key: The public key.
        comment: What stands behind the key.
    """

    principals: tuple[str, ...]
    namespaces: tuple[str, ...]
    after: datetime
    before: datetime | None
    key: PublicKey
    comment: str = ""

    @classmethod
    def read(cls, line: str) -> Signer:
        """A line of the list.

        Raises:
            Refused: It is none that relman and stock read alike.
        """
        found = _LINE.fullmatch(line)
        if not found:
            raise Refused(
                "not a line of the form", fact='NAME namespaces="…",valid-after="…Z" KIND KEY COMMENT'
            )
        options = _options(found["options"])
        need("valid-after" in options, "valid-after is missing")
        after, before = _date(options["valid-after"]), options.get("valid-before")
        ends = _date(before) if before is not None else None
        need(ends is None or ends > after, "valid-before is not behind valid-after")
        return cls(
            _exact(found["who"], PRINCIPAL, "principal"),
            _exact(options.get("namespaces", ""), NAMESPACE, "namespace"),
            after,
            ends,
            _key(found["key"]),
            found["comment"] or "",
        )

    @property
    def line(self) -> str:
        """As it stands in the list."""
        options = [f'namespaces="{",".join(self.namespaces)}"', f'valid-after="{self.after.strftime(FORM)}"']
        options += [f'valid-before="{self.before.strftime(FORM)}"'] if self.before else []
        return f"{','.join(self.principals)} {','.join(options)} {self.key.line} {self.comment}".rstrip(" ")

    def objection(self, namespace: str, at: datetime) -> str:
        """Why the key may not be used for something at a moment; empty if it may."""
        if namespace not in self.namespaces:
            return f"it may not be used for {namespace}"
        if at < self.after:
            return f"it is valid from {clock.stamp(self.after)} on, and it is {clock.stamp(at)}"
        if self.before is not None and at > self.before:
            return f"it was valid until {clock.stamp(self.before)}, and it is {clock.stamp(at)}"
        return ""


class Signers(Struct, frozen=True):
    """A list of signers, and the keys that count no more.

    Attributes:
        lines: In the order of the file.
        revoked: Keys that were taken back, whatever the lines say.
    """

    lines: tuple[Signer, ...] = ()
    revoked: frozenset[PublicKey] = frozenset()

    @classmethod
    def read(cls, content: bytes, named: str = "allowed_signers") -> Signers:
        """A file of allowed signers.

        Args:
            content: The file's bytes.
            named: Its name, for the error.

        Raises:
            Refused: A line, which is named, that relman and stock would not read alike.
        """
        return cls(tuple(_each(content, named, Signer.read)))

    @property
    def text(self) -> str:
        """The lines as a file; comments and empty lines are not kept."""
        return "".join(f"{signer.line}\n" for signer in self.lines)

    def without(self, revoked: Iterable[PublicKey]) -> Signers:
        """The list, with further keys taken back."""
        return msgspec.structs.replace(self, revoked=self.revoked | frozenset(revoked))

    def principals(self, key: PublicKey, namespace: str, at: datetime) -> tuple[str, ...]:
        """Whose key this is, as far as it may be used for something at a moment; empty if nobody's.

        Args:
            key: The key of a signature that holds.
            namespace: What the signature is for.
            at: The moment that counts: now; in a later audit, when it was recorded. Never a time that the
                signer wrote down (threat T03).

        Raises:
            UsageError: The moment has no offset.
        """
        clock.aware(at)
        if key in self.revoked:
            return ()
        fit = [each for each in self.lines if each.key == key and not each.objection(namespace, at)]
        return tuple(dict.fromkeys(name for each in fit for name in each.principals))

    def entitled(self, principal: str, by: Verified, at: datetime) -> Verified:
        """The signature itself, if that person may make it at that moment (signing.md, step 5c).

        Args:
            principal: Who says that they signed.
            by: A signature that holds.
            at: As in ``principals``.

        Raises:
            Refused: The key is revoked, unknown, somebody else's, for something else, or out of its time.
        """
        if principal in self.principals(by.key, by.namespace, at):
            return by
        raise Refused(f"{principal} may not sign with this key", fact=self._reason(principal, by, at))

    def _reason(self, principal: str, by: Verified, at: datetime) -> str:
        """Every reason why a key does not count for a person."""
        shown = by.key.fingerprint
        if by.key in self.revoked:
            return f"{shown} was revoked"
        known = [each for each in self.lines if each.key == by.key]
        own = [each.objection(by.namespace, at) for each in known if principal in each.principals]
        if not known:
            return f"{shown} is in no line of the signers"
        if not own:
            names = sorted({name for each in known for name in each.principals})
            return f"{shown} is the key of {', '.join(names)}"
        return f"{shown}: {'; '.join(own)}"


def read_revoked(content: bytes, named: str = "revoked_keys") -> frozenset[PublicKey]:
    """A file of revoked keys, one public key a line.

    ssh-keygen's ``-r`` and git's ``gpg.ssh.revocationFile`` read the same file.

    Args:
        content: The file's bytes.
        named: Its name, for the error.

    Raises:
        Refused: A line that is no key, which is named.
    """
    return frozenset(_each(content, named, _key))


def _each(content: bytes, named: str, read: Callable[[str], _T]) -> Iterator[_T]:
    """Each line that is not empty and no comment, read; an error says which line it was."""
    for number, line in enumerate(_text(content, named).split("\n"), 1):
        if line and not line.startswith("#"):
            try:
                yield read(line)
            except Refused as error:
                raise Refused(f"{named}:{number}: {error.what}", fact=error.fact) from None


def _text(content: bytes, named: str) -> str:
    need(len(content) <= CAP, f"{named} is too large", f"{len(content)} bytes, at most {CAP}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{named} is no text", fact=str(error)) from None
    stray = next((each for each in text if (each < " " and each != "\n") or each in "\x7f\ufeff"), "")
    need(not stray, f"{named} holds a character that stock reads otherwise", repr(stray))
    return text


def _options(text: str) -> dict[str, str]:
    pairs = [
        (name, value[1:-1]) for name, _, value in (each.partition("=") for each in re.findall(_OPTION, text))
    ]
    need(len(dict(pairs)) == len(pairs), "an option stands there twice", text)
    return dict(pairs)


def _exact(text: str, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        need(form.fullmatch(name), f"{what}s are exact: no pattern, no quotation, not empty", repr(name))
    return names


def _date(text: str) -> datetime:
    found = _DATE.fullmatch(text)
    if not found:
        raise Refused("a date is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z behind it", fact=repr(text))
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Refused("there is no such date", fact=f"{text}: {error}") from None
    need(moment.timestamp() > 0, "a date is too early", text)  # stock takes 0 for none
    return moment


def _key(text: str) -> PublicKey:
    try:
        return PublicKey.read(text)
    except Tampered as error:
        raise Refused(error.what, fact=error.fact) from None
