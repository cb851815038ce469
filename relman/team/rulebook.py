"""Where a team's rules lie, which of them are in force here, and what lies ahead.

What it is not: a change of them (``ruling``, ``enrolling``), or the chain (``signing.chain``), which alone
decides. The verbs take the team's side of relman, :class:`relman.team.operating.Operating`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from relman.approval import folder, guarding
from relman.approval.folder import Folder
from relman.errors import Refused, Tampered
from relman.gates.approval import rules
from relman.models import TEAM, listed
from relman.remote import Remote
from relman.repo import Repo
from relman.signing import InForce, Papers, Signers, genesis, in_force
from relman.signing import read as bytes_of
from relman.signing.chain import FOLDER, Paper
from relman.signing.guarded import differences
from relman.signing.standing import Standing, outstanding
from relman.signing.standing import read as policy_of
from relman.signing.strict import need
from relman.team.operating import Operating

LANE = "policy"
"""Whoever changes the rules' files holds it."""
PROPOSE, SIGN = "inv policy.propose", "inv policy.sign"
ADD = "inv signers.add --person PERSON"


class Place(NamedTuple):
    """Where a team's rules are.

    Attributes:
        root: The repository's root.
        names: What the repository is called where its genesis is pinned; several where it has no remote
            and relman.toml names several projects.
        environ: The environment, which may pin it too.
    """

    root: Path
    names: tuple[str, ...]
    environ: Mapping[str, str]

    def pinned(self) -> str:
        """The digest that is pinned, in hex.

        Raises:
            Refused: None is, or several that differ.
        """
        return genesis.pinned(self.environ, self.names[0], self.root)

    @property
    def policies(self) -> Folder:
        """The folder of the versions."""
        return Folder(self.root / FOLDER[0], FOLDER[1])


def place(team: Operating, environ: Mapping[str, str] = os.environ) -> Place:
    """Where a team's rules are.

    Raises:
        ConfigError: relman.toml is in no git repository.
    """
    with closing(Repo(team.root)) as repo:
        remote = Remote.read(repo.remote_url(team.config.remote))
        root = repo.root
    projects = {
        str(each.project) for one in team.config.service.values() for each in one.environments.values()
    }
    return Place(root, (remote.name,) if remote else tuple(sorted(projects)), environ)


def force(team: Operating, where: Place, papers: Papers) -> InForce | None:
    """The policy in force; None while the first version still is being made.

    Raises:
        Refused: The first version is whole, and nobody has pinned it here.
        Tampered: The chain does not hold, or goes back behind what was in force.
    """
    try:
        pinned = where.pinned()
    except Refused as error:
        if error.what != genesis.UNPINNED or _whole(papers, team):
            raise
        return None
    return in_force(papers, pinned, team.clock.now(), rules.seen(team.store.entries(TEAM)))


def standing(team: Operating, where: Place) -> Standing:
    """Where the policy stands; what does not hold is told, and raises nothing.

    Raises:
        Refused: ``revoked_keys`` cannot be read.
    """
    papers, found, problem, clears, pinned = Papers.load(where.root), None, "", "", ""
    try:
        found = force(team, where, papers)
        pinned = found.genesis if found else ""
    except (Refused, Tampered) as error:
        problem, clears = f"{error.what} ({error.fact})", error.clears
    if not found and not problem:
        problem = "the first version is not signed by all of its admins yet"
        clears = SIGN if papers.versions else f"{ADD}, then {PROPOSE}"
    now = team.clock.now()
    after = [one for one in papers.versions if not found or one.number > found.policy.version]
    ahead = tuple(outstanding(one, found, papers, now) for one in after) if not pinned or found else ()
    return Standing(
        force=found,
        problem=problem,
        clears=clears,
        genesis=papers.versions[0].digest if papers.versions else "",
        pinned=pinned,
        ahead=ahead,
        differ=differences(found.policy.sections, sections(team, where)) if found else (),
        signers=_listed(papers, found),
    )


def pin(team: Operating, where: Place) -> tuple[Path, ...]:
    """Pin the first version for the person who types; where it is kept.

    Raises:
        Refused: There is none, or another one is pinned already.
        Tampered: It is not whole.
    """
    papers = Papers.load(where.root)
    need(papers.versions, "there is no policy to pin", "/".join(FOLDER))
    digest = papers.versions[0].digest
    in_force(papers, digest, team.clock.now())
    return tuple(genesis.pin(where.environ, name, digest) for name in where.names)


def next_list(where: Place, papers: Papers, old: InForce | None) -> Signers:
    """The list of signers of the next version as it is so far, without the keys that were revoked.

    Raises:
        Refused: A line of it cannot be read.
    """
    number = old.policy.version + 1 if old else 1
    name = f"{number:06}.allowed_signers"
    try:
        listed_ = Signers.read(bytes_of(where.root, *FOLDER, name), name)
    except FileNotFoundError:
        listed_ = old.signers if old else Signers()
    gone = papers.revoked | (old.signers.revoked if old else frozenset())
    return Signers(tuple(each for each in listed_.lines if each.key not in gone))


def need_unsigned(paper: Paper | None) -> None:
    """Refuse to write over a version that somebody has signed.

    Raises:
        Refused: It has signatures.
    """
    if paper and paper.signatures:
        names = listed(name for name, _ in paper.signatures)
        files = f"{folder.ROOT}/{FOLDER[1]}/{paper.number:06}"
        clears = f"{SIGN}, or take it back for everybody: git rm {files}.*"
        raise Refused(f"version {paper.number} is signed, and stays as it is", fact=names, clears=clears)


def sections(team: Operating, where: Place) -> dict[str, str]:
    """What only a policy changes, as the working tree has it."""
    return guarding.guarded(team.config.source.document(), team.root, where.root)


def _whole(papers: Papers, team: Operating) -> bool:
    """Whether the first version has every signature that it needs."""
    first = papers.versions[0] if papers.versions else None
    return bool(first) and outstanding(papers.versions[0], None, papers, team.clock.now()).complete


def _listed(papers: Papers, found: InForce | None) -> Signers:
    if found:
        return found.signers
    try:
        return policy_of(papers.versions[0])[1].without(papers.revoked) if papers.versions else Signers()
    except (Refused, Tampered):
        return Signers()


def numbered(papers: Papers, number: int) -> Paper | None:
    """The version of a number, None if there is none."""
    return next((one for one in papers.versions if one.number == number), None)
