"""Who must say go, by the row of the RACI table: one A and one R, whoever that is at the release's slot.

What it is not: a list of people in code. Rows and roles are the team's; the rota says who is on call.
"""

from __future__ import annotations

from relman.config import Config
from relman.errors import ConfigError
from relman.ops import people
from relman.signing import Signers

ROW = "deploy-rollback"
LETTERS = ("A", "R")


def named(config: Config, word: str) -> str:
    """The role that a template means: ``A`` or ``R`` of the row, or a role by its id.

    Raises:
        ConfigError: There is no such role, or the row does not say.
    """
    if word not in LETTERS:
        if people.is_on_call(word) or word in config.roles:
            return word
        raise ConfigError("the checklist names a role that nobody has", fact=word, clears="inv ops.check")
    row = people.row(config, ROW)
    found = (row.accountable if word == "A" else row.responsible) if row else ()
    if (len(found) != 1 and word == "A") or not found:
        fact = f"the row {ROW} has {len(found)} of {word}" if row else f"there is no row {ROW}"
        raise ConfigError(
            "relman.toml does not say who approves a release", fact=fact, clears="inv ops.check"
        )
    return found[0]


def principal(config: Config, email: str, signers: Signers, namespace: str) -> str:
    """How the list of signers names whoever has an address; empty where it has no key of theirs for that.

    Args:
        config: The model: any address of the person will do.
        email: By which git knows the person.
        signers: The list.
        namespace: What is to be signed.
    """
    person = config.people.get(people.by_email(config, email))
    own = [email.lower(), *(str(one).lower() for one in (person.emails if person else ()))]
    lines = [each for each in signers.lines if namespace in each.namespaces]
    may = {name.lower(): name for each in lines for name in each.principals}
    return next((may[address] for address in own if address in may), "")
