"""Which policy is in force: each version is signed by a quorum of the one before it, and of its own.

What it is not: the working tree. Whoever edits ``checklists/policy/`` has written on paper; it counts from
the pinned genesis on, as far as the signatures lead (threats T08 and T19).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from relman import clock
from relman.errors import Refused, Tampered
from relman.models import listed as spoken
from relman.signing.keys import PublicKey
from relman.signing.policy import Policy
from relman.signing.signers import Signers, read_revoked
from relman.signing.sshsig import Verified, verified
from relman.signing.statements import POLICY
from relman.signing.strict import listed, need, read, sha256

FOLDER = ("checklists", "policy")
"""Where the versions lie, below the repository's root."""
REVOKED = ("checklists", "revoked_keys")
SIGNATURES = 64
"""How many signatures of one version are looked at."""
SKEW = timedelta(minutes=5)
"""How far ahead of our clock a version may have been written."""

_VERSION = re.compile(r"(\d{6})\.json", re.ASCII)


class Paper(Struct, frozen=True):
    """A version as it lies there, nothing of it believed.

    Attributes:
        number: What its file's name says.
        content: The policy's bytes.
        allowed_signers: The list's bytes.
        signatures: Armoured, by the name of their file.
    """

    number: int
    content: bytes
    allowed_signers: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's bytes, in hex."""
        return sha256(self.content)

    @property
    def holding(self) -> tuple[Verified, ...]:
        """The signatures that hold for its bytes, whoever made them; one that does not is nobody's."""
        return tuple(self._holding())

    def _holding(self) -> Iterator[Verified]:
        for _, signature in self.signatures:
            with suppress(Tampered):
                yield verified(self.content, signature, POLICY)


class Papers(Struct, frozen=True):
    """What a repository has of policies.

    Attributes:
        versions: In order.
        revoked: The keys of ``revoked_keys``; a line that is added counts at once, without a signature.
        unread: Why a file was not taken.
    """

    versions: tuple[Paper, ...] = ()
    revoked: frozenset[PublicKey] = frozenset()
    unread: tuple[str, ...] = ()

    @classmethod
    def load(cls, root: Path) -> Papers:
        """What lies in a repository. A file that cannot be taken is told, and stops nothing.

        Args:
            root: The repository's root, a working tree or one of a certain commit.

        Raises:
            Refused: ``revoked_keys`` cannot be read; a key that was taken back would count again.
        """
        unread: list[str] = []
        names = _names(root, unread)
        numbers = [found[1] for name in names if (found := _VERSION.fullmatch(name))]
        versions = tuple(paper for number in numbers for paper in _paper(root, number, names, unread))
        return cls(versions, _revoked(root), tuple(unread))


class Seen(Struct, frozen=True):
    """The last policy that the ledger knows to have been in force.

    Attributes:
        genesis: Digest of the version from which it was reached.
        version: Its number.
        digest: SHA-256 of its bytes, in hex.
    """

    genesis: str
    version: int
    digest: str


class InForce(Struct, frozen=True):
    """The policy in force, with the list of signers that counts.

    Attributes:
        policy: The highest version that the signatures lead to.
        digest: SHA-256 of its bytes, in hex.
        signers: Its list, without the keys that were taken back.
        genesis: Digest of the version that is pinned.
        ahead: Why versions that lie there too are not in force, one sentence each.
    """

    policy: Policy
    digest: str
    signers: Signers
    genesis: str
    ahead: tuple[str, ...] = ()

    @property
    def seen(self) -> Seen:
        """What the ledger ought to remember of it."""
        return Seen(self.genesis, self.policy.version, self.digest)


class _Link(Struct, frozen=True):
    """A version that counts."""

    paper: Paper
    policy: Policy
    signers: Signers


def in_force(papers: Papers, genesis: str, at: datetime, seen: Seen | None = None) -> InForce:
    """Walk the chain (signing.md, step 0).

    A version that the ledger knows is judged by the keys as they stood when it was written; every later one
    by the keys as they stand at ``at``, because a date that somebody wrote proves nothing (threat T03).

    Args:
        papers: What lies in the repository.
        genesis: The digest that is pinned outside of it, in hex.
        at: Now.
        seen: What the ledger knows; None where it knows nothing.

    Raises:
        Refused: There is no policy.
        Tampered: The genesis is not there or not whole, the policy goes back behind one that was in force, or
            keys came back that had been revoked.
    """
    clock.aware(at)
    # 1. It begins with the version that is pinned, wherever the ledger was before.
    links, ahead = [_first(papers, genesis, seen)], list(papers.unread)
    # 2. It goes on as long as each version is endorsed by the old quorum and by the new one.
    for paper in papers.versions:
        if paper.number <= links[-1].policy.version:
            continue
        try:
            links.append(_next(links[-1], paper, papers.revoked, at, seen))
        except (Refused, Tampered) as error:
            ahead.append(
                f"version {paper.number} is not in force: {error.what}"
                + f" ({error.fact})" * bool(error.fact)
            )
            break
    # 3. It never goes back, nor aside.
    last = links[-1]
    _need_not_behind(links, seen, ahead)
    # 4. A key that was taken back once is taken back where git and ssh-keygen look, too.
    _need_all_revoked(last.policy, papers.revoked)
    return InForce(
        last.policy, last.paper.digest, last.signers.without(papers.revoked), genesis, tuple(ahead)
    )


def _first(papers: Papers, genesis: str, seen: Seen | None) -> _Link:
    need(papers.versions, "there is no policy", "/".join(FOLDER))
    paper = next((each for each in papers.versions if each.digest == genesis), None)
    if paper is None:
        raise Tampered("the pinned genesis is not among the policies", fact=f"sha256 {genesis}")
    known = seen is None or seen.genesis == genesis
    need(known, "another genesis is pinned than the ledger knows", f"sha256 {genesis}", error=Tampered)
    try:
        link = _link(paper)
        need(link.policy.previous is None, "a genesis has no version before it")
        missing = set(link.policy.admins) - set(_endorsed(link, paper, link.policy.at))
        need(
            not missing, "a genesis is signed by each of its admins", f"missing: {', '.join(sorted(missing))}"
        )
    except Refused as error:
        raise Tampered(f"the genesis is not whole: {error.what}", fact=error.fact) from None
    return link


def _next(old: _Link, paper: Paper, revoked: frozenset[PublicKey], at: datetime, seen: Seen | None) -> _Link:
    """The link that a version is.

    Raises:
        Refused: It is not endorsed, or not a version of this chain.
    """
    new = _link(paper)
    need(new.policy.version == old.policy.version + 1, "the version before it is missing")
    need(new.policy.previous == old.paper.digest, "it was written for another version before it")
    need(
        old.policy.at <= new.policy.at <= at + SKEW,
        "it was written at another time than it says",
        f"{new.policy.at}",
    )
    back = old.policy.revoked_keys - new.policy.revoked_keys
    need(not back, "keys that were revoked came back", _fingerprints(back))
    known = seen is not None and paper.number <= seen.version
    moment, gone = (
        (new.policy.at, new.policy.revoked_keys) if known else (at, new.policy.revoked_keys | revoked)
    )
    for link, which in ((old, "old"), (new, "new")):
        lessened = _Link(link.paper, link.policy, link.signers.without(gone))
        names = _endorsed(lessened, paper, moment)
        told = f"{len(names)} of {link.policy.quorum} {which} admins"
        need(len(names) >= link.policy.quorum, told, f"signed: {', '.join(names) or 'nobody'}")
    return new


def _link(paper: Paper) -> _Link:
    """A version that says what it must; whether it counts is another question."""
    policy = Policy.read(paper.content, f"policy {paper.number}")
    need(policy.version == paper.number, "it has another number than its file", str(policy.version))
    need(policy.allowed_signers == sha256(paper.allowed_signers), "its list of signers is another one")
    signers = Signers.read(paper.allowed_signers, f"{paper.number:06}.allowed_signers")
    policy.need_sound(signers)
    return _Link(paper, policy, signers.without(policy.revoked_keys))


def _endorsed(link: _Link, paper: Paper, at: datetime) -> tuple[str, ...]:
    """The admins of a link who signed a version; a signature that does not hold is nobody's."""
    return link.policy.endorsed(link.signers, paper.holding, at)


def _need_not_behind(links: list[_Link], seen: Seen | None, ahead: Iterable[str]) -> None:
    if seen is None:
        return
    last = links[-1].policy.version
    told = "; ".join([f"the ledger knows {seen.version}, here {last} is in force", *ahead])
    need(last >= seen.version, "the policy went back", told, error=Tampered)
    there = {link.policy.version: link.paper.digest for link in links}.get(seen.version, seen.digest)
    need(
        there == seen.digest,
        f"policy {seen.version} is not the one that the ledger knows",
        there,
        error=Tampered,
    )


def _need_all_revoked(policy: Policy, revoked: frozenset[PublicKey]) -> None:
    back = policy.revoked_keys - revoked
    need(not back, f"{'/'.join(REVOKED)} lacks a key that was revoked", _fingerprints(back), error=Tampered)


def _fingerprints(keys: Iterable[PublicKey]) -> str:
    return spoken(sorted(key.fingerprint for key in keys)) if keys else ""


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def _names(root: Path, unread: list[str]) -> tuple[str, ...]:
    try:
        return listed(root, *FOLDER)
    except FileNotFoundError:
        return ()
    except Refused as error:
        unread.append(str(error))
        return ()


def _paper(root: Path, number: str, names: tuple[str, ...], unread: list[str]) -> Iterator[Paper]:
    """The version of a number, if its two files can be read."""
    try:
        content, allowed = (read(root, *FOLDER, f"{number}.{kind}") for kind in ("json", "allowed_signers"))
    except (Refused, FileNotFoundError) as error:
        unread.append(f"version {int(number)} cannot be read: {error}")
        return
    own = [name for name in names if name.startswith(f"{number}.") and name.endswith(".sig")]
    if len(own) > SIGNATURES:
        unread.append(f"version {int(number)} has {len(own)} signatures; only {SIGNATURES} are looked at")
    yield Paper(int(number), content, allowed, tuple(_signatures(root, own[:SIGNATURES], unread)))


def _signatures(root: Path, names: Iterable[str], unread: list[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        try:
            yield name, read(root, *FOLDER, name)
        except (Refused, FileNotFoundError) as error:
            unread.append(f"{name} is not looked at: {error}")


def _revoked(root: Path) -> frozenset[PublicKey]:
    try:
        return read_revoked(read(root, *REVOKED))
    except FileNotFoundError:
        return frozenset()
