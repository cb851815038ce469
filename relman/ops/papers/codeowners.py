"""CODEOWNERS: who is asked to review what, from touchpoints, domains and roles.

What it is not: an access rule. The forge asks whoever stands here. The last pattern that fits wins, there
and in ``[[touchpoint]]``, so the order is kept. Source: docs.github.com, "About code owners".
"""

from __future__ import annotations

from collections.abc import Iterator

from relman.config import Config
from relman.errors import Refused
from relman.ops import people


def text(config: Config) -> str:
    """The file, without the lines that say who made it.

    Raises:
        Refused: A domain is owned by nobody, or somebody has neither handle nor address.
    """
    rows = list(_rows(config))
    wide = max(len(pattern) for pattern, _ in rows)
    return "".join(f"{pattern.ljust(wide)} {' '.join(owners)}\n" for pattern, owners in rows)


def _rows(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in config.touchpoint:
        owners = _owners(config, one.domain)
        yield from ((str(path), owners) for path in one.paths)


def _owners(config: Config, domain: str) -> tuple[str, ...]:
    """The holder and the deputy of the role that owns a domain, so that a review does not wait for one."""
    found = people.domain(config, domain)
    persons = people.people_of(config, found.owner) if found else ()
    if not persons:
        fact = f"nobody owns the domain {domain!r}"
        raise Refused("CODEOWNERS cannot be made", fact=fact, clears="mend [[domain]] and [roles]")
    return tuple(_named(config, person) for person in persons)


def _named(config: Config, person: str) -> str:
    """How the forge knows somebody."""
    found = config.people.get(person)
    if found and found.handle:
        return str(found.handle) if found.handle.startswith("@") else f"@{found.handle}"
    if found and found.emails:
        return str(found.emails[0])
    fact = f"{people.name(config, person)} has neither handle nor e-mail address"
    raise Refused(
        "CODEOWNERS cannot be made", fact=fact, clears=f'write handle = "@…" into [people.{person}]'
    )
