"""Who did it: authors and co-authors, each once, and programs apart from people.

What it is not: proof. Names and addresses in git are self-declared. Addresses are read to tell people
apart, and are never told.
"""

from __future__ import annotations

from collections.abc import Iterable

from relman.models import Commit
from relman.version import Message

BOTS = frozenset(
    {"dependabot", "renovate", "github-actions", "github actions", "gitlab-ci", "semantic-release-bot"}
)
"""Programs that do not say by ``[bot]`` what they are."""
NOBODY = "unknown"


class People:
    """Everybody who is met, by address, or by name where there is none."""

    def __init__(self) -> None:
        """Nobody has been met yet."""
        self._names: dict[str, str] = {}
        self._bots: dict[str, str] = {}

    def meet(self, commit: Commit, message: Message) -> tuple[str, ...]:
        """Who made a commit, the author first; known under the name that was met first."""
        if not message.footers:
            return (self._met(commit.author, commit.email),)
        others = (_split(told) for told in message.co_authors)
        found = (self._met(name, mail) for name, mail in [(commit.author, commit.email), *others])
        return tuple(dict.fromkeys(found))

    @property
    def people(self) -> tuple[str, ...]:
        """The people, by name."""
        return _sorted(self._names.values())

    @property
    def bots(self) -> tuple[str, ...]:
        """The programs, by name."""
        return _sorted(self._bots.values())

    def _met(self, name: str, mail: str) -> str:
        key = mail.lower() or name.lower()
        known = self._names.get(key) or self._bots.get(key)
        if known:
            return known
        called = " ".join(name.split()) or mail.partition("@")[0] or NOBODY
        (self._bots if is_bot(called, key) else self._names)[key] = called
        return called


def is_bot(name: str, mail: str) -> bool:
    """Whether a name or address is a program's, as GitHub and the common ones spell theirs."""
    return name.endswith("[bot]") or "[bot]@" in mail or name.lower() in BOTS


def _split(told: str) -> tuple[str, str]:
    """Name and address of ``Name <mail>``."""
    name, _, rest = told.partition("\n")[0].partition("<")
    return name.strip(), rest.partition(">")[0].strip()


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    """Each once; by letters, whatever the locale."""
    return tuple(sorted(set(names), key=lambda name: (name.casefold(), name)))
