"""``inv policy.*``: the rules about the rules: the policy in force, the next one, its signatures.

What it is not: logic. Each task parses, calls ``ruling``, and prints.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from invoke import Collection, Context

from relman.tasks.declare import task
from relman.tasks.showing import shown, team

if TYPE_CHECKING:
    from relman.team.ruling import Agreed, ToSign


@task(default=True)
def show(_context: Context, *, pin: bool = False, json: bool = False) -> None:
    """Tell the policy in force, and who may sign.

    Which versions lie ahead, why they are not in force, and who runs which command. The digest of the
    first version, and the line that pins it. Changes nothing in the repository.

    Args:
        pin: Pin the first version for you, in your own configuration, once it has all its signatures.
        json: One JSON object.
    """
    from relman.render import rules
    from relman.team import rulebook

    with team() as operating:
        where = rulebook.place(operating)
        kept = rulebook.pin(operating, where) if pin else ()
        standing = rulebook.standing(operating, where)
        print(rules.show_json(standing) if json else rules.show(standing))
    for path in kept:
        print(f"pinned in {path}", file=sys.stderr)


@task
def propose(
    _context: Context,
    *,
    comment: str = "",
    quorum: int = 0,
    admin: tuple[str, ...] = (),
    approval: tuple[str, ...] = (),
    self_approval: tuple[str, ...] = (),
    hardware: tuple[str, ...] = (),
    pin: Literal["", "yes", "no"] = "",
    json: bool = False,
) -> None:
    """Write the next policy from the working tree.

    Its admins and quorum, the digests of relman.toml's guarded sections, of the files they name and of
    the checklist's template, the list of signers, the revoked keys. What is not said stays as it is. The
    same again changes nothing, and what somebody has signed is never overwritten.

    Args:
        comment: Why; it is part of what is signed.
        quorum: How many admins it takes to change the rules; two at least.
        admin: The address of an admin, instead of those of before.
        approval: How many must say go in a role, or as A or R, such as A=2; none for nothing more.
        self_approval: A role in which an author may approve all the same; none for no role.
        hardware: A role that signs with a hardware key only; none for no role.
        pin: Whether hardware keys ask for their PIN.
        json: JSON lines.
    """
    from relman.models import Event
    from relman.render import rules
    from relman.team import rulebook, ruling

    with shown(json=json) as screen, team(screen) as operating:
        wish = ruling.Wish(admin, quorum, comment, hardware, pin, approval, self_approval)
        done = ruling.propose(operating, rulebook.place(operating), wish)
        for line in rules.changes(done.changes).splitlines():
            screen.emit(Event("note", line))
        named = f"policy {done.version}"
        if not done.changes:
            screen.done(f"{named} says all of this already; nothing is to be signed", timed=False)
        else:
            said = f"{named} is written" if done.written else f"{named} lies there already, the same"
            screen.done(said, then=("inv policy.sign",), timed=False)


@task
def sign(_context: Context, *, key: str = "", yes_sha256: str = "", json: bool = False) -> None:
    """Sign the next policy, as one of its admins.

    What it changes is shown first, with its digest. It comes into force once a quorum of the old admins
    and one of the new have signed; the first one once all of its admins have.

    Args:
        key: The file of an SSH key, instead of git's user.signingKey.
        yes_sha256: The digest of what you have read, where there is no terminal.
        json: JSON lines.
    """
    from relman.models import Event
    from relman.render import rules
    from relman.team import rulebook, ruling

    with shown(json=json) as screen, team(screen) as operating:
        where = rulebook.place(operating)
        who, left = ruling.sign(operating, where, _asked(yes_sha256), key)
        for line in [] if left.complete else rules.ahead(left).splitlines():
            screen.emit(Event("note", line))
        ended = f"{who} has signed policy {left.version}"
        first = left.complete and left.sides[0].name == "genesis"
        then = ("inv policy.show --pin",) if first else ("inv policy.show",)
        screen.done(ended, then=("git add checklists, commit and push it", *then), timed=False)


def _asked(wanted: str) -> Agreed:
    """Shows a policy, and has the person agree to its very bytes."""
    from relman.render import rules
    from relman.tasks.agreeing import agreed

    def ask(found: ToSign) -> None:
        before = f"version {found.old.policy.version}" if found.old else ""
        paper = found.paper
        page = rules.signing(paper.number, paper.digest, before, found.changes)
        agreed(page, paper.digest, wanted, sys.stdin)

    return ask


ns = Collection("policy", show, propose, sign)
