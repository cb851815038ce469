"""Where a policy stands: which one is in force, what a next one changes, and whose signatures it lacks.

What it is not: the walk of the chain (``chain``), which alone decides. Here is what people are told of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from relman import clock
from relman.errors import Refused, RelmanError, Tampered
from relman.signing.chain import InForce, Paper, Papers
from relman.signing.guarded import differences
from relman.signing.policy import Policy
from relman.signing.signers import Signer, Signers
from relman.signing.strict import need, sha256


class Change(Struct, frozen=True):
    """One thing that a version says otherwise than the one before it.

    Attributes:
        section: ``admins``, ``quorum``, ``signers``, ``revoked``; or what is guarded: ``window``.
        what: How it differs.
    """

    section: str
    what: str


class Side(Struct, frozen=True):
    """Whose signatures one side asks for.

    Attributes:
        name: ``genesis``; or ``old`` and ``new`` admins.
        quorum: How many of them.
        signed: Those whose signature counts.
        wanted: The other admins.
    """

    name: str
    quorum: int
    signed: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def lacking(self) -> int:
        """How many signatures are missing."""
        return max(0, self.quorum - len(self.signed))

    @property
    def text(self) -> str:
        """``1 of 2 old admins signed: ana@example.com``."""
        which = "admins of the first policy" if self.name == "genesis" else f"{self.name} admins"
        return f"{len(self.signed)} of {self.quorum} {which} signed: {', '.join(self.signed) or 'nobody'}"


class Outstanding(Struct, frozen=True):
    """A version that is not in force, and what it lacks.

    Attributes:
        version: Its number.
        digest: SHA-256 of its bytes, in hex.
        changes: What it says otherwise.
        sides: Whose signatures it asks for; empty where it cannot count at all.
        fault: Why it cannot, whoever signs.
        comment: Why it was changed, in its own words.
    """

    version: int
    digest: str
    changes: tuple[Change, ...] = ()
    sides: tuple[Side, ...] = ()
    fault: str = ""
    comment: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.sides) and not any(side.lacking for side in self.sides)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Those whose signature would bring it nearer."""
        names = (name for side in self.sides if side.lacking for name in side.wanted)
        return tuple(dict.fromkeys(names))


class Row(Struct, frozen=True):
    """One key, as ``signers.list`` tells it.

    Attributes:
        who: Whose it is, as the list names the person.
        person: The id in relman.toml; empty for a machine, or somebody who has left.
        fingerprint: ``SHA256:…``.
        kind: The kind of the key.
        uses: The namespaces.
        after: From when on.
        before: Until when; None: without end.
        state: ``in force``, ``proposed``, ``revoked``, ``over``, ``leaves`` with the next version.
    """

    who: tuple[str, ...]
    person: str
    fingerprint: str
    kind: str
    uses: tuple[str, ...]
    after: datetime | None
    before: datetime | None
    state: str


class Standing(Struct, frozen=True):
    """Where the policy of a repository stands.

    Attributes:
        force: The one in force; None where there is none.
        problem: Why there is none.
        clears: What a person types next then.
        genesis: Digest of the first version that lies here, whole or not; empty where there is none.
        pinned: The digest that is pinned; empty where none is.
        ahead: The version that waits for signatures, and what stands behind it.
        differ: What the working tree says otherwise than the policy in force.
        signers: The list that counts; without a policy in force, the one that is to.
    """

    force: InForce | None
    problem: str
    clears: str
    genesis: str
    pinned: str
    ahead: tuple[Outstanding, ...]
    differ: tuple[str, ...]
    signers: Signers


def outstanding(paper: Paper, old: InForce | None, papers: Papers, at: datetime) -> Outstanding:
    """What a version lacks to be in force.

    Args:
        paper: The version.
        old: The one in force, which it is to follow; None for a first one.
        papers: What lies in the repository.
        at: Now.
    """
    try:
        policy, signers = read(paper)
        _follows(policy, old)
    except (Refused, Tampered) as error:
        return Outstanding(paper.number, paper.digest, fault=_sentence(error))
    changes = tuple(changed(old, policy, signers))
    sides = tuple(_sides(paper, policy, signers, old, papers=papers, at=at))
    return Outstanding(paper.number, paper.digest, changes, sides, comment=policy.comment)


def read(paper: Paper) -> tuple[Policy, Signers]:
    """A version and its list, if they are what they must be; whether it counts is another question.

    Raises:
        Refused: It is no policy, not the one that its name says, or one that nobody should sign.
    """
    policy = Policy.read(paper.content, f"policy {paper.number}")
    need(policy.version == paper.number, "it has another number than its file", str(policy.version))
    need(policy.allowed_signers == sha256(paper.allowed_signers), "its list of signers is another one")
    signers = Signers.read(paper.allowed_signers, f"{paper.number:06}.allowed_signers")
    policy.need_sound(signers)
    return policy, signers


def changed(old: InForce | None, policy: Policy, signers: Signers) -> Iterator[Change]:
    """Everything that a version says otherwise, section by section; of a first one all that it says."""
    before = old.policy if old else None
    yield from _names("admins", before.admins if before else (), policy.admins)
    if before is None or before.quorum != policy.quorum:
        yield Change("quorum", f"{before.quorum} becomes {policy.quorum}" if before else f"{policy.quorum}")
    yield from _names("signers", _lines(old.signers if old else Signers()), _lines(signers))
    gone = before.revoked_keys if before else frozenset()
    for key in sorted(policy.revoked_keys - gone, key=lambda each: each.fingerprint):
        yield Change("revoked", f"+ {key.fingerprint}")
    yield from _names("approvals", _counts(before), _counts(policy))
    own = before.self_approval if before else ()
    yield from _names("own work approved by", own, policy.self_approval)
    yield from _names("hardware keys only", before.hardware if before else (), policy.hardware)
    if policy.pin != (before.pin if before else False):
        yield Change("pin", "asked for" if policy.pin else "no longer asked for")
    yield from _sections(before.sections if before else {}, policy.sections)


def _follows(policy: Policy, old: InForce | None) -> None:
    if old is None:
        need(policy.previous is None, "a genesis has no version before it")
        return
    need(policy.version == old.policy.version + 1, "the version before it is missing")
    need(policy.previous == old.digest, "it was written for another version before it")
    back = old.policy.revoked_keys - policy.revoked_keys
    need(not back, "keys that were revoked came back", ", ".join(sorted(key.fingerprint for key in back)))


def _sides(
    paper: Paper, policy: Policy, signers: Signers, old: InForce | None, *, papers: Papers, at: datetime
) -> Iterator[Side]:
    if old is None:
        listed = signers.without(policy.revoked_keys)
        yield _side("genesis", policy, policy.endorsed(listed, paper.holding, policy.at), len(policy.admins))
        return
    gone = policy.revoked_keys | papers.revoked
    for name, judge, listed in (("old", old.policy, old.signers), ("new", policy, signers)):
        yield _side(name, judge, judge.endorsed(listed.without(gone), paper.holding, at), judge.quorum)


def _side(name: str, policy: Policy, signed: tuple[str, ...], quorum: int) -> Side:
    return Side(name, quorum, signed, tuple(each for each in policy.admins if each not in signed))


def _names(section: str, before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[Change]:
    yield from (Change(section, f"+ {name}") for name in now if name not in before)
    yield from (Change(section, f"- {name}") for name in before if name not in now)


def _counts(policy: Policy | None) -> tuple[str, ...]:
    return tuple(f"{role}: {count}" for role, count in sorted(policy.approvals.items())) if policy else ()


def _sections(before: dict[str, str], now: dict[str, str]) -> Iterator[Change]:
    for name in differences(before, now):
        word = "changed" if name in before and name in now else "new" if name in now else "taken out"
        yield Change(name, word)


def _lines(signers: Signers) -> tuple[str, ...]:
    return tuple(told(each) for each in signers.lines if each.key not in signers.revoked)


def told(signer: Signer) -> str:
    """A line of the list as a sentence: whose key, for what, from when until when."""
    until = f" until {clock.stamp(signer.before)}" if signer.before else ""
    uses = ", ".join(name.partition("@")[0] for name in signer.namespaces)
    when = f"from {clock.stamp(signer.after)}{until}"
    return f"{', '.join(signer.principals)} {signer.key.fingerprint} for {uses}, {when}"


def _sentence(error: RelmanError) -> str:
    return error.what + f" ({error.fact})" * bool(error.fact)
