"""``inv signers.*``: whose keys count, for what, from when until when.

What it is not: logic. Each task parses, calls ``enrolling``, and prints.
"""

from __future__ import annotations

from invoke import Collection, Context

from relman.errors import UsageError
from relman.tasks.declare import task
from relman.tasks.showing import shown, team


@task
def add(
    _context: Context,
    *,
    person: str = "",
    key: str = "",
    github: str = "",
    for_: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """Add somebody's key to the next list.

    A public key's file; or those that the person has published on GitHub for signing, fetched once and
    shown; or, for yourself, git's own key. It counts from now on once the admins have signed the policy
    that brings the list.

    Args:
        person: The person's id in relman.toml; for a machine's key, its name.
        key: The file of a public key, or the key itself.
        github: The person's name on GitHub, instead.
        for_: For what: go, override, duty, policy, checkpoint, git; ci and checkpoint for a machine;
            without it everything that a person signs.
        json: JSON lines.
    """
    from relman.models import Event
    from relman.signing.standing import told
    from relman.team import enrolling, rulebook

    if not person or (key and github):
        raise UsageError("whose key", clears="--person PERSON, and one of --key FILE and --github NAME")
    with shown(json=json) as screen, team(screen) as operating:
        wish = enrolling.Wish(person, key, github, for_)
        new = enrolling.add(operating, rulebook.place(operating), wish)
        for each in new:
            screen.emit(Event("note", told(each)))
        count = f"{len(new)} {'key' if len(new) == 1 else 'keys'} of {person} in the next list of signers"
        screen.done(
            count if new else f"nothing is new of {person}", then=("inv policy.propose",), timed=False
        )


@task
def revoke(_context: Context, *, key: str = "", person: str = "", json: bool = False) -> None:
    """Take a key back, at once and for good.

    It counts no more for relman, git and ssh-keygen from the moment on at which checklists/revoked_keys
    has it; every approval that waits for its vote is short of it. The next policy carries it too.

    Args:
        key: The file of the public key, the key itself, or its fingerprint.
        person: Instead, every key of a person.
        json: JSON lines.
    """
    from relman.models import Event
    from relman.team import enrolling, rulebook

    with shown(json=json) as screen, team(screen) as operating:
        where = rulebook.place(operating)
        gone = enrolling.revoke(operating, where, key, person)
        for each in gone:
            screen.emit(Event("note", f"revoked {each.fingerprint}"))
        then = ("commit and push checklists/revoked_keys now", "inv policy.propose")
        told = f"{len(gone)} {'key counts' if len(gone) == 1 else 'keys count'} no more"
        screen.done(told if gone else "it was revoked already", then=then, timed=False)


@task(name="list", default=True)
def listing(_context: Context, *, json: bool = False) -> None:
    """Tell whose keys count, and for what.

    Of each its fingerprint, what it may sign, from when until when, and whether it is in force, proposed
    or revoked; and the lines by which git judges tags by the same list. Reads only.

    Args:
        json: One JSON object a line.
    """
    from relman.render import rules
    from relman.team import enrolling, rulebook

    with team() as operating:
        where = rulebook.place(operating)
        rows = enrolling.rows(operating, where)
        print(rules.keys_json(rows) if json else rules.keys(rows, enrolling.git_lines(operating, where)))


ns = Collection("signers", add, revoke, listing)
