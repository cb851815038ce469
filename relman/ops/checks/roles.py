"""Rules about roles: each has a person, and another one who stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from relman.config.near import did_you_mean
from relman.models import PERCENT
from relman.ops import people
from relman.ops.checks.finding import Asked, Found

EVERYBODY = {
    *("team", "the team", "everyone", "everybody", "all", "anyone", "anybody", "somebody", "someone"),
    *("nobody", "none", "us", "we", "engineering", "ops", "support", "dev", "devs", "developers", "staff"),
}
"""Words that name no person (A8)."""


def no_model(asked: Asked) -> Iterator[Found]:
    """A team has a model, with a version and a zone."""
    if asked.config.model is None and asked.whole:
        yield Found("there is no [model], and the profile is team", "write [model] with version and tz")


def no_people(asked: Asked) -> Iterator[Found]:
    """A model has people and roles."""
    for section, known in (("people", asked.config.people), ("roles", asked.config.roles)):
        if asked.whole and not known:
            yield Found(f"there is no [{section}]", f"write [{section}.ID] for each of them")


def not_a_person(asked: Asked) -> Iterator[Found]:
    """Holder and deputy are persons of the file, and no group (A8)."""
    for role, each in asked.config.roles.items():
        for key, person in (("holder", each.holder), ("deputy", each.deputy)):
            if person is None or person in asked.config.people:
                continue
            at, title = ("roles", role, key), people.title(asked.config, role)
            if person.lower() in EVERYBODY:
                what = f"{title}: {key} is {person!r}, which is no person"
                yield Found(what, "name one person, by an id of [people]", at)
            else:
                meant = did_you_mean(person, asked.config.people)
                what = f"{title}: {key} {person!r} is not in [people]{meant}"
                yield Found(what, "name an id of [people], or write that person there", at)


def no_deputy(asked: Asked) -> Iterator[Found]:
    """Each role has somebody who stands in (A10)."""
    for role, each in asked.config.roles.items():
        if each.deputy is None:
            what = f"{people.title(asked.config, role)} has no deputy"
            how = 'write deputy = "…", the id of another person'
            yield Found(what, how, ("roles", role), asked.owner(role))


def own_deputy(asked: Asked) -> Iterator[Found]:
    """Nobody stands in for oneself (A10)."""
    for role, each in asked.config.roles.items():
        if each.deputy == each.holder:
            what = f"{people.title(asked.config, role)}: holder and deputy are the same person"
            yield Found(what, "name another deputy", ("roles", role, "deputy"), asked.owner(role))


def too_much_on_one(asked: Asked) -> Iterator[Found]:
    """No person answers for most rows (A10)."""
    model, rows = asked.config.model, asked.config.raci
    limit = model.max_share if model else PERCENT
    answering = (people.accountable(asked.config, row.id) for row in rows)
    shares = Counter(people.holder(asked.config, role) for role in answering if role)
    for person, count in shares.items():
        if person in asked.config.people and count * PERCENT > limit * len(rows):
            name, share = people.name(asked.config, person), round(count * PERCENT / len(rows))
            what = f"{name} answers for {count} of {len(rows)} rows ({share} %, limit {limit} %)"
            yield Found(what, "give the A of some rows to another role", ("people", person))


def same_address(asked: Asked) -> Iterator[Found]:
    """An address leads to one person."""
    seen: dict[str, str] = {}
    for person, each in asked.config.people.items():
        for number, email in enumerate(each.emails):
            other = seen.setdefault(email.lower(), person)
            if other != person:
                what = f"{each.name} and {people.name(asked.config, other)} have the same e-mail address"
                yield Found(what, "keep it with one of them", ("people", person, "emails", number))


def unknown_to_git(asked: Asked) -> Iterator[Found]:
    """Who holds a role can be recognised by git and the allowed signers."""
    holding = {one for each in asked.config.roles.values() for one in (each.holder, each.deputy)}
    for person, each in asked.config.people.items():
        if person in holding and not each.emails:
            what = f"{each.name} holds a role and has no e-mail address, so no commit or signature is theirs"
            yield Found(what, 'write emails = ["…"]', ("people", person), each.name)


RULES = (
    *(no_model, no_people, not_a_person, no_deputy, own_deputy),
    *(too_much_on_one, same_address, unknown_to_git),
)
