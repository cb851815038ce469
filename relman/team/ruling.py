"""The rules about the rules: show the policy in force, write the next version, sign it.

What it is not: the chain (``signing.chain``), which alone says what is in force; or the list of signers
(``enrolling``). The verbs take the team's side of relman, :class:`relman.team.operating.Operating`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from relman.errors import Refused, RelmanError, UsageError
from relman.gates.approval import rules
from relman.models import TEAM, listed
from relman.signing import POLICY, InForce, OwnKey, Papers, Policy, Signers
from relman.signing import signed as signed_by
from relman.signing.chain import Paper
from relman.signing.guarded import differences
from relman.signing.policy import LEAST
from relman.signing.sshsig import Verified
from relman.signing.standing import Change, Outstanding, changed, outstanding
from relman.signing.standing import read as policy_of
from relman.signing.strict import need, sha256
from relman.team.operating import Operating
from relman.team.rulebook import (
    ADD,
    LANE,
    PROPOSE,
    Place,
    force,
    need_unsigned,
    next_list,
    numbered,
    sections,
)

NONE = "none"
"""What a person types to take something away that a policy asks for."""
COUNTS = frozenset("123456789")


class Wish(NamedTuple):
    """What the next version is to say; what is empty stays as it is.

    Attributes:
        admins: Who may sign the one after it, by their addresses.
        quorum: How many of them it takes.
        comment: Why.
        hardware: Roles that sign with a hardware key only; ``none`` for no role.
        pin: ``yes`` or ``no``: whether such a key asks for its PIN.
        approvals: How many must say go where one is not enough, as ``A=2``; ``none`` for nothing more.
        self_approval: Roles in which an author may approve; ``none`` for no role.
    """

    admins: tuple[str, ...] = ()
    quorum: int = 0
    comment: str = ""
    hardware: tuple[str, ...] = ()
    pin: str = ""
    approvals: tuple[str, ...] = ()
    self_approval: tuple[str, ...] = ()


class Proposal(NamedTuple):
    """What came of a proposal.

    Attributes:
        version: Its number.
        changes: What it says otherwise than the one in force; nothing: there is none to make.
        written: Whether a file was written; the same again is none.
    """

    version: int
    changes: tuple[Change, ...]
    written: bool


class ToSign(NamedTuple):
    """A version that somebody is about to sign.

    Attributes:
        paper: Its bytes, which are those that are signed.
        policy: What they say.
        signers: Its list.
        old: The one in force; None where it is the first.
        changes: What it says otherwise.
    """

    paper: Paper
    policy: Policy
    signers: Signers
    old: InForce | None
    changes: tuple[Change, ...]


Agreed = Callable[[ToSign], None]
"""Shows what is about to be signed, and raises unless the person agrees to those very bytes."""


def propose(team: Operating, where: Place, wish: Wish) -> Proposal:
    """Write the next version from the working tree; the same again changes nothing.

    Raises:
        Refused: Nobody may sign yet, the rules could be changed by one person or by nobody, or somebody has
            signed another next version, which is never overwritten.
        Tampered: The chain does not hold.
    """
    with team.store.drive(TEAM, LANE):
        papers = Papers.load(where.root)
        old = force(team, where, papers)
        signers = next_list(where, papers, old)
        need(signers.lines, "nobody may sign yet", "the list of signers is empty")
        policy = _drafted(team, where, wish, signers, papers=papers, old=old)
        changes = tuple(changed(old, policy, signers))
        if old and not changes:
            return Proposal(old.policy.version, (), written=False)
        there = numbered(papers, policy.version)
        if there and _same(there, policy):
            return Proposal(policy.version, changes, written=False)
        need_unsigned(there)
        policy.need_sound(signers)
        where.policies.write(signers.text.encode(), f"{policy.version:06}.allowed_signers")
        where.policies.write(policy.content, f"{policy.version:06}.json")
        team.record("policy.proposed", version=policy.version, sha256=policy.digest, comment=policy.comment)
    return Proposal(policy.version, changes, written=True)


def sign(team: Operating, where: Place, agreed: Agreed, key: str = "") -> tuple[str, Outstanding]:
    """Sign the next version as an admin of the old one or of the new one.

    Args:
        team: The team.
        where: Where its rules are.
        agreed: Asked with what is signed before it is.
        key: A key's file instead of git's user.signingKey.

    Returns:
        Who signed, and what is still missing.

    Raises:
        Refused: There is nothing to sign, it is not for the relman.toml that lies here, the person does not
            agree, or the key is no admin's.
        Tampered: The chain does not hold.
    """
    with team.store.drive(TEAM, LANE):
        papers = Papers.load(where.root)
        found = to_sign(team, where, papers)
        agreed(found)
        done = signed_by(found.paper.content, POLICY, OwnKey.of(team.root, key), team.emit)
        admin = _admin(found, done.by, papers, team)
        where.policies.write(done.signature.encode(), f"{found.paper.number:06}.{admin}.sig")
        told = {"version": found.paper.number, "sha256": found.paper.digest, "by": admin}
        team.record("policy.signed", **told, key=done.by.key.fingerprint)
        papers = Papers.load(where.root)
        left = outstanding(_existing(papers, found.paper.number), found.old, papers, team.clock.now())
        if left.complete and (now := _quiet_force(team, where, papers)):
            team.record_all(rules.remembered(now, team.store.entries(TEAM)))
    return admin, left


def to_sign(team: Operating, where: Place, papers: Papers) -> ToSign:
    """The version that waits for signatures.

    Raises:
        Refused: There is none, it cannot count whoever signs, or it is not for what lies here.
        Tampered: The chain does not hold.
    """
    old = force(team, where, papers)
    number = old.policy.version + 1 if old else 1
    paper = numbered(papers, number)
    if paper is None:
        fact = f"there is no version {number}"
        raise Refused("there is no policy to sign", fact=fact, clears=PROPOSE)
    left = outstanding(paper, old, papers, team.clock.now())
    if left.fault:
        raise Refused(f"version {number} cannot count", fact=left.fault, clears=PROPOSE)
    policy, signers = policy_of(paper)
    if differ := differences(policy.sections, sections(team, where)):
        fact = f"it says otherwise of {listed(differ)}"
        raise Refused(
            f"version {number} is not for what lies here", fact=fact, clears=f"git pull, or {PROPOSE}"
        )
    return ToSign(paper, policy, signers, old, left.changes)


# ── what the verbs share ─────────────────────────────────────────────────────────────────────────


def _drafted(
    team: Operating, where: Place, wish: Wish, signers: Signers, *, papers: Papers, old: InForce | None
) -> Policy:
    """The next version: what is wished, else what its draft says, else what is in force."""
    number = old.policy.version + 1 if old else 1
    draft = _readable(numbered(papers, number))
    base = draft or (old.policy if old else None)
    everybody = tuple(each.principals[0] for each in signers.lines if POLICY in each.namespaces)
    revoked = {key.line for key in papers.revoked} | set(old.policy.revoked if old else ())
    return Policy(
        version=number,
        created_at=int(team.clock.now().timestamp()),
        admins=wish.admins or (base.admins if base else tuple(dict.fromkeys(everybody))),
        quorum=wish.quorum or (base.quorum if base else LEAST),
        allowed_signers=sha256(signers.text.encode()),
        sections=sections(team, where),
        previous=old.digest if old else None,
        revoked=tuple(sorted(revoked)),
        approvals=_approvals(wish.approvals) if wish.approvals else (base.approvals if base else {}),
        self_approval=_roles(wish.self_approval, base.self_approval if base else ()),
        hardware=_roles(wish.hardware, base.hardware if base else ()),
        pin=wish.pin == "yes" if wish.pin else bool(base and base.pin),
        comment=wish.comment or (draft.comment if draft else ""),
    )


def _roles(wished: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in wished if role != NONE) if wished else before


def _approvals(wished: tuple[str, ...]) -> dict[str, int]:
    """``A=2`` as a role and a number.

    Raises:
        UsageError: It is nothing of the kind.
    """
    pairs = [(word, *word.partition("=")[::2]) for word in wished if word != NONE]
    if wrong := [word for word, role, count in pairs if not role or count not in COUNTS]:
        raise UsageError(
            "--approval takes a role and a number", fact=f"{wrong[0]!r}", clears="--approval A=2"
        )
    return {role: int(count) for _, role, count in pairs}


def _same(paper: Paper, policy: Policy) -> bool:
    """Whether a draft says the same already; when it was written does not matter."""
    there = _readable(paper)
    if there is None or sha256(paper.allowed_signers) != there.allowed_signers:
        return False
    return there.content == _at(policy, there.created_at).content


def _at(policy: Policy, seconds: int) -> Policy:
    from msgspec.structs import replace

    return replace(policy, created_at=seconds)


def _readable(paper: Paper | None) -> Policy | None:
    try:
        return Policy.read(paper.content) if paper else None
    except Refused:
        return None


def _existing(papers: Papers, number: int) -> Paper:
    return next(one for one in papers.versions if one.number == number)


def _quiet_force(team: Operating, where: Place, papers: Papers) -> InForce | None:
    """The policy in force, None where it is not pinned here."""
    try:
        return force(team, where, papers)
    except RelmanError:
        return None


def _admin(found: ToSign, by: Verified, papers: Papers, team: Operating) -> str:
    """Whose signature this is: an admin's of the old version or of the new one.

    Raises:
        Refused: It is nobody's, or it was made without touch or PIN.
    """
    by.present(pin=found.policy.pin)
    gone, now = papers.revoked | found.policy.revoked_keys, team.clock.now()
    lists = [found.signers, *([found.old.signers] if found.old else [])]
    names = [name for one in lists for name in one.without(gone).principals(by.key, POLICY, now)]
    admins = {*found.policy.admins, *(found.old.policy.admins if found.old else ())}
    for name in names:
        if name in admins:
            return name
    fact = f"{by.key.fingerprint} is the key of {listed(dict.fromkeys(names)) if names else 'nobody'}"
    raise Refused(f"an admin signs a policy: {', '.join(sorted(admins))}", fact=fact, clears=ADD)
