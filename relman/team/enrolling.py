"""Who may sign: keys are added to the next list of signers, and taken back at once.

What it is not: in force. A list counts with the policy that the admins sign (``ruling``); only a key that is
taken back counts no more from that moment on. Private keys are never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from relman.clock import stamp
from relman.errors import Refused, Tampered, Unreachable, UsageError
from relman.models import TEAM, Event
from relman.ops import people
from relman.signing import (
    CHECKPOINT,
    CI,
    DUTY,
    GO,
    OVERRIDE,
    POLICY,
    InForce,
    OwnKey,
    Papers,
    PublicKey,
    Signers,
)
from relman.signing.chain import FOLDER, REVOKED
from relman.signing.signers import Signer
from relman.signing.standing import Row, told
from relman.team import published
from relman.team.operating import Operating
from relman.team.rulebook import LANE, Place, force, need_unsigned, next_list

GIT = "git"
"""The namespace in which git signs commits and tags."""
PERSON, MACHINE = (GO, OVERRIDE, DUTY, POLICY, CHECKPOINT, GIT), (CI, CHECKPOINT)
USES = {name.partition("@")[0]: name for name in (*PERSON, *MACHINE)}
"""What a person types, and the namespace that it means."""
_CAP = 16_384


class Wish(NamedTuple):
    """Whose key is to be added, and for what.

    Attributes:
        person: The person's id in relman.toml; a machine's own name if its key signs nothing but what
            machines sign.
        key: A public key, or the file of one; empty: git's own key of the one who types.
        github: The person's name on GitHub, instead of a key.
        uses: For what, in short words or as namespaces; empty: everything that a person signs.
    """

    person: str
    key: str = ""
    github: str = ""
    uses: tuple[str, ...] = ()


def add(team: Operating, where: Place, wish: Wish) -> tuple[Signer, ...]:
    """Add the keys of a person to the next list of signers; those that stand there already are left.

    Returns:
        The lines that are new.

    Raises:
        UsageError: There is no such person, or no such use.
        Refused: There is no such key, it is somebody else's or was taken back, or somebody has signed
            the next version already.
        Unreachable: GitHub does not answer.
    """
    names, uses = _principals(team, wish), _uses(wish)
    source = f"github.com/{wish.github}" if wish.github else wish.person
    keys = _published(team, wish.github) if wish.github else (_key(team, wish),)
    after = team.clock.now().astimezone(UTC).replace(microsecond=0)
    with team.store.drive(TEAM, LANE):
        papers = Papers.load(where.root)
        before = _next(team, where, papers)
        for key in keys:
            _need_free(key, names, before, papers)
        known = {(each.key, each.namespaces) for each in before.lines}
        new = tuple(Signer(names, uses, after, None, key, source) for key in keys if (key, uses) not in known)
        if new:
            kept = tuple(each for each in before.lines if each.key not in keys)
            _write(team, where, papers, Signers((*kept, *new)))
            lines = [told(each) for each in new]
            team.record("signers.added", person=wish.person, keys=lines, source=source)
    return new


def revoke(team: Operating, where: Place, key: str = "", person: str = "") -> tuple[PublicKey, ...]:
    """Take keys back: they count no more from now on, and are not in the next list.

    Args:
        team: The team.
        where: Where its rules are.
        key: A public key, the file of one, or its fingerprint.
        person: Instead, all keys of a person, by id or as the list names the person.

    Returns:
        The keys that are taken back and were not before.

    Raises:
        UsageError: Neither a key nor a person is named, or both.
        Refused: There is no such key.
    """
    if bool(key) == bool(person):
        raise UsageError("one of --key and --person", fact="whose key is to count no more")
    with team.store.drive(TEAM, LANE):
        papers = Papers.load(where.root)
        found = _meant(team, papers, where, key, person)
        new = tuple(each for each in found if each not in papers.revoked)
        # 1. At once, for relman, git and ssh-keygen alike. Nothing that goes wrong later takes it back.
        _append(where.root.joinpath(*REVOKED), new, stamp(team.clock.now()))
        if new:
            team.record("signers.revoked", keys=[each.fingerprint for each in new], person=person)
        # 2. The next list is without them, unless somebody has signed it.
        try:
            papers = Papers.load(where.root)
            _write(team, where, papers, _next(team, where, papers))
        except (Refused, Tampered) as error:
            why = f"the next list of signers is not written: {error.what} ({error.fact})"
            team.emit(Event("note", why))
    return new


def rows(team: Operating, where: Place) -> tuple[Row, ...]:
    """Every key that counts, is proposed, or was taken back.

    Raises:
        Refused: ``revoked_keys`` cannot be read.
        Tampered: The chain does not hold.
    """
    papers, now = Papers.load(where.root), team.clock.now()
    found = _quiet(team, where, papers)
    ahead = next_list(where, papers, found)
    here = found.signers.lines if found else ()
    listed = [_row(team, each, _state(each, papers, ahead, now)) for each in here]
    listed += [_row(team, each, "proposed") for each in ahead.lines if each not in here]
    shown = {row.fingerprint for row in listed}
    names = {each.key: each for each in _every(papers)}
    gone = sorted(papers.revoked, key=lambda each: each.fingerprint)
    listed += [_gone(team, key, names.get(key)) for key in gone if key.fingerprint not in shown]
    return tuple(listed)


def git_lines(team: Operating, where: Place) -> tuple[str, ...]:
    """What git must be told, so that it judges tags by the same list and the same revoked keys."""
    papers = Papers.load(where.root)
    found = _quiet(team, where, papers)
    version = found.policy.version if found else 1
    return (
        "git config gpg.format ssh",
        f"git config gpg.ssh.allowedSignersFile {'/'.join(FOLDER)}/{version:06}.allowed_signers",
        f"git config gpg.ssh.revocationFile {'/'.join(REVOKED)}",
    )


# ── whose key, and for what ──────────────────────────────────────────────────────────────────────


def _principals(team: Operating, wish: Wish) -> tuple[str, ...]:
    """How the list names the person: by every address that relman.toml has."""
    if person := team.config.people.get(wish.person):
        names = [name for each in person.emails for name in (str(each), str(each).lower())]
        if not names:
            fact = f"[people.{wish.person}] has no emails"
            raise UsageError("the list of signers names people by their address", fact=fact)
        return tuple(dict.fromkeys(names))
    if wish.uses and set(_uses(wish)) <= set(MACHINE):
        return (wish.person,)
    known = ", ".join(team.config.people) or "nobody"
    fact = f"{wish.person!r}; there are {known}"
    raise UsageError("there is no such person", fact=fact, clears="a machine's key: --for ci")


def _uses(wish: Wish) -> tuple[str, ...]:
    """The namespaces, in one order."""
    wanted = {USES.get(word, word) for word in wish.uses} or set(PERSON)
    if unknown := sorted(wanted - set(USES.values())):
        raise UsageError("there is no such use", fact=f"{', '.join(unknown)}; there are {', '.join(USES)}")
    if wanted & {CI} and wanted - set(MACHINE):
        raise UsageError("a machine's key signs for no person", fact="ci goes with checkpoint only")
    return tuple(name for name in USES.values() if name in wanted)


def _key(team: Operating, wish: Wish) -> PublicKey:
    """The key that was named; without one, git's own of the very person who types."""
    if not wish.key and team.person() != wish.person:
        fact = f"without --key it is your own, and git's user.email is not {wish.person}'s"
        raise UsageError("whose key is it", fact=fact, clears="--key FILE, or --github NAME")
    own = OwnKey.of(team.root, wish.key)
    return _public(own.public or _text(own.place))


def _published(team: Operating, user: str) -> tuple[PublicKey, ...]:
    keys, left = published.keys(user)
    for why in left:
        team.emit(Event("note", f"not taken: {why}"))
    return keys


def _text(place: str) -> str:
    """The public half of a key that lies in a file; the private one is not opened."""
    path = Path(place if place.endswith(".pub") else f"{place}.pub")
    try:
        with path.open("rb") as file:
            return file.read(_CAP).decode("utf-8", "replace")
    except OSError as error:
        what = "there is no public key beside it" if path.name != Path(place).name else "it cannot be read"
        raise Refused(what, fact=f"{path}: {error.strerror}", clears="--key FILE.pub") from None


def _public(text: str) -> PublicKey:
    try:
        return PublicKey.read(text.strip())
    except Tampered as error:
        raise Refused(error.what, fact=error.fact) from None


def _need_free(key: PublicKey, names: Sequence[str], there: Signers, papers: Papers) -> None:
    """Refuse a key of two people (threat T07), and one that was taken back."""
    if key in papers.revoked:
        raise Refused("the key was revoked, for good", fact=key.fingerprint, clears="make another key")
    others = {name for each in there.lines if each.key == key for name in each.principals} - set(names)
    if others:
        fact = f"{key.fingerprint} is the key of {', '.join(sorted(others))}"
        raise Refused("T07: one key is one person's", fact=fact)


def _meant(team: Operating, papers: Papers, where: Place, key: str, person: str) -> tuple[PublicKey, ...]:
    """The keys that are to be taken back, of every list that lies there, counting or not."""
    lines = [*_every(papers), *next_list(where, papers, _quiet(team, where, papers)).lines]
    if person:
        known = team.config.people.get(person)
        names = {str(each).lower() for each in known.emails} if known else {person.lower()}
        found = [each.key for each in lines if names & {name.lower() for name in each.principals}]
        fact = f"{person!r} is in no list of signers"
    elif key.startswith("SHA256:"):
        found, fact = [each.key for each in lines if each.key.fingerprint == key], f"{key} is in no list"
    else:
        own = OwnKey.chosen(key)
        found, fact = [_public(own.public or _text(own.place))], ""
    if not found:
        raise Refused("there is no such key", fact=fact, clears="inv signers.list")
    return tuple(dict.fromkeys(found))


# ── the list, and the keys that count no more ────────────────────────────────────────────────────


def _next(team: Operating, where: Place, papers: Papers) -> Signers:
    """The next list so far, if nobody has signed it."""
    found = force(team, where, papers)
    number = found.policy.version + 1 if found else 1
    need_unsigned(next((one for one in papers.versions if one.number == number), None))
    return next_list(where, papers, found)


def _write(team: Operating, where: Place, papers: Papers, signers: Signers) -> None:
    """Lay the next list down, if it reads as it was meant."""
    found = force(team, where, papers)
    number = found.policy.version + 1 if found else 1
    name = f"{number:06}.allowed_signers"
    Signers.read(signers.text.encode(), name)
    if found and found.signers.text == signers.text and not _lies(where, name):
        return
    where.policies.write(signers.text.encode(), name)


def _lies(where: Place, name: str) -> bool:
    return where.policies.path.joinpath(name).is_file()


def _append(path: Path, keys: Iterable[PublicKey], when: str) -> None:
    """Add lines to the revoked keys; none is ever taken away, and none is written over."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            whole = not file.tell() or _ended(file.tell(), path)
            text = "".join(f"{key.line} revoked {when}\n" for key in keys)
            file.write(("" if whole or not text else "\n").encode() + text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unreachable(f"{path} cannot be written", fact=error.strerror or str(error)) from error


def _ended(size: int, path: Path) -> bool:
    """Whether the last line has its end."""
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"


def _every(papers: Papers) -> list[Signer]:
    """The lines of every list that lies there and can be read."""
    found: list[Signer] = []
    for paper in papers.versions:
        try:
            found += Signers.read(paper.allowed_signers).lines
        except Refused:
            continue
    return found


def _quiet(team: Operating, where: Place, papers: Papers) -> InForce | None:
    """The policy in force; None where none can be told."""
    try:
        return force(team, where, papers)
    except (Refused, Tampered):
        return None


def _state(signer: Signer, papers: Papers, ahead: Signers, now: datetime) -> str:
    if signer.key in papers.revoked:
        return "revoked"
    if signer.before and now > signer.before:
        return "over"
    return "in force" if signer in ahead.lines else "leaves"


def _row(team: Operating, signer: Signer, state: str) -> Row:
    person = next(filter(None, (people.by_email(team.config, each) for each in signer.principals)), "")
    key, uses = signer.key, signer.namespaces
    return Row(signer.principals, person, key.fingerprint, key.kind, uses, signer.after, signer.before, state)


def _gone(team: Operating, key: PublicKey, signer: Signer | None) -> Row:
    if signer:
        return _row(team, signer, "revoked")
    return Row((), "", key.fingerprint, key.kind, (), None, None, "revoked")
