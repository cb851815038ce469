"""``inv checklist.*``: the signed go/no-go, from the request to its verification.

What it is not: logic. Each task parses, calls the library, and prints.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from invoke import Context
from invoke.exceptions import Exit

from relman.errors import UsageError
from relman.tasks.declare import task
from relman.tasks.showing import ascii_only, opened, placed, read, shown

if TYPE_CHECKING:
    from relman.voting import Wish


@task(name="open")
def open_(_context: Context, *, service: str = "", env: str = "", json: bool = False) -> None:
    """Put the candidate to the vote.

    Freezes a request with its evidence in a folder below checklists/, for you to commit. An earlier
    request for the same candidate stays where it is; votes on it are not votes on this one.

    Args:
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    from relman import approving

    with shown(json=json) as screen, opened(service, env, screen) as relman:
        folder = approving.opened(relman.driver, *relman.proposed())
        screen.done(f"put to the vote: checklists/{folder.name}, for you to commit", timed=False)


@task(default=True)
def show(
    _context: Context, *, release: str = "", service: str = "", env: str = "", json: bool = False
) -> None:
    """Show what is put to the vote.

    What changes, the evidence and its age, the items, the votes so far, what is missing, and what each
    person who may give it types. The page to read before signing. Reads only.

    Args:
        release: The version, where another one than the prepared candidate's.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: One JSON object.
    """
    from relman import voting
    from relman.render import approval

    with read(service, env) as relman:
        seen = voting.seen(relman.driver, relman.candidate(), release)
        if json:
            print(approval.page_json(seen.judged, seen.evidence))
        else:
            print(placed(approval.page(seen.judged, seen.evidence, seen.word, seen.now), relman.place))


@task
def sign(  # noqa: PLR0913 - each is a flag
    _context: Context,
    *,
    release: str = "",
    no_go: bool = False,
    role: str = "",
    comment: str = "",
    item: tuple[str, ...] = (),
    waive: str = "",
    reason: str = "",
    override: str = "",
    key: str = "",
    yes_sha256: str = "",
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Say GO or NO-GO, signed.

    Prints what is signed, asks for the version to be typed, and signs with your SSH key: a file, the
    agent, or a hardware key. A later vote takes the place of your earlier one, so a NO-GO is
    withdrawn by voting again. With --waive an item is let go instead, by its owner; with --override
    you agree, as the second person, to what somebody wants lifted for two hours.

    Args:
        release: The version, where another one than the prepared candidate's.
        no_go: Say NO-GO, which stops the release until you withdraw it.
        role: As what you speak, where you hold several of the roles that are needed.
        comment: Up to 280 characters, which are part of what is signed.
        item: An item of the checklist that you answer for.
        waive: An item that you let go, as its owner.
        reason: Why it is let go.
        override: The file of an override that release.cut wrote, to which you agree.
        key: The key to sign with; by default git's user.signingKey.
        yes_sha256: The digest of the request, as checklist.show tells it: signs without asking.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: JSON lines.
    """
    from relman.voting import Wish

    if waive and (no_go or item or comment):
        raise UsageError("a waiver is no vote", fact="--waive goes with --reason, --role and --key alone")
    if override:
        _need_alone(release, no_go, role, comment, item, waive, reason)
        _consented(override, key, yes_sha256, (service, env), json=json)
        return
    wish = Wish(go=not no_go, role=role, comment=comment, items=item, waive=waive, reason=reason, key=key)
    _signed(wish, release, yes_sha256, (service, env), json=json)


@task
def verify(
    _context: Context,
    *,
    release: str = "",
    at: datetime | None = None,
    service: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Verify a go/no-go, step by step.

    Steps 0 to 7, each with its number: the policy, the request, its terms, what it binds, the
    checklist, the votes, who gave them, and whether they are enough. Exit 0 where it is valid, 3
    where something is missing or void, 7 where something was tampered with. Reads only.

    Args:
        release: The version, where another one than the prepared candidate's.
        at: Another instant than now, at which keys, roles and times must hold.
        service: Which service, where relman.toml has several.
        env: Which environment, where there are several.
        json: One JSON object.
    """
    from relman import voting
    from relman.render import approval

    with read(service, env) as relman:
        found = voting.seen(relman.driver, relman.candidate(), release, at).judged
        page = placed(approval.verification(found, ascii_only=ascii_only()), relman.place)
        print(approval.verification_json(found) if json else page)
        if not found.valid:
            raise Exit(code=found.code)


def _need_alone(*given: object) -> None:
    if any(given):
        raise UsageError("an override is no vote", fact="--override goes with --key and --yes-sha256 alone")


def _consented(file: str, key: str, digest: str, place: tuple[str, str], *, json: bool) -> None:
    from relman import lifting
    from relman.tasks.agreeing import agreed

    with shown(json=json) as screen, opened(*place, screen) as relman:
        waiting = lifting.pending(relman.driver, file)
        agreed(lifting.page(waiting), waiting.asked.digest, digest, sys.stdin)
        path = lifting.consent(relman.driver, waiting, key)
        gate, person = waiting.asked.override.gate, waiting.asked.person
        told = f"{gate} may be lifted for two hours from now on: {path}, for you to commit and push"
        screen.done(told, then=(f"{person} types inv release.cut --override {gate} again",), timed=False)


def _signed(wish: Wish, release: str, digest: str, place: tuple[str, str], *, json: bool) -> None:
    from relman import voting
    from relman.render import approval
    from relman.tasks.confirming import signing

    with shown(json=json) as screen, opened(*place, screen) as relman:
        driver, candidate = relman.driver, relman.candidate()
        seen = voting.seen(driver, candidate, release)
        ballot = voting.ballot(driver.repo().email, seen, wish)
        request = ballot.frozen.request
        told = approval.signed(request, ballot.frozen.digest, seen.now)
        for line in (*told.splitlines(), *approval.difference(seen.difference).splitlines()):
            screen.emit(voting.note(line))
        signing(ballot, digest, sys.stdin)
        name = voting.sign(driver, ballot, wish.key)
        after = voting.seen(driver, candidate, release).judged
        screen.done(
            f"{ballot.what} signed: {name}, for you to commit; {approval.verdict(after)}",
            then=("inv checklist.show",),
            timed=False,
        )
