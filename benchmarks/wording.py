"""What the people of a generated repository write: ``Wording(dice).message()``.

What it is not: a test of a parser. Every message can be read by every tool that is measured; what is made to
hurt stands in ``HOSTILE``, and only relman is given it.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.generated import Dice

NAMES = (
    *("Ada Byron", "Björn Åkerlund", "Chidi Okafor", "Dora Novák", "Emil Weiß", "Fatima Zahra", "Goran Ilić"),
    *(
        "Hana Sato",
        "Iván Ruiz",
        "Jun Li",
        "Karin Olsen",
        "Liam O'Neil",
        "Mira Patel",
        "Nils Berg",
        "Olga Petrova",
    ),
    *("Pavel Dvořák", "Quinn Adams", "Rosa Blum", "Sven Koch", "Tariq Aziz", "dependabot[bot]"),
)
FOLDERS = ("services/api", "services/web", "services/worker", "libs/money", "libs/auth", "docs", "infra")
FILES = (
    "main.py",
    "routes.py",
    "models.py",
    "store.py",
    "README.md",
    "test_main.py",
    "settings.yaml",
    "views.py",
)
PATHS = tuple(f"{folder}/{file}" for folder in FOLDERS for file in FILES)

SCOPES = ("api", "web", "worker", "money", "auth", "deps", "ui", "orders")
TYPES = (
    *(("feat", "minor"),) * 24,
    *(("fix", "patch"),) * 34,
    *((word, "") for word in ("chore",) * 12 + ("docs",) * 8 + ("refactor",) * 8 + ("test",) * 6),
    *((word, "") for word in ("ci",) * 4 + ("build",) * 2 + ("style",) * 2),
    *(("perf", "patch"),) * 3,
)
VERBS = ("accept", "show", "keep", "drop", "count", "retry", "cache", "round", "send", "read", "hide", "sort")
THINGS = (
    "orders",
    "prices",
    "the basket",
    "tokens",
    "e-mails",
    "invoices",
    "time zones",
    "the way back",
    "totals",
)
WHERE = (
    "on the first page",
    "when the store is away",
    "of new customers",
    "after a restart",
    "in the export",
)
PLAIN = (
    "WIP",
    "Update README",
    "Fix typo",
    "More logging",
    "try again",
    "Address review",
    "Bump version",
    "oops",
)
SENTENCES = (
    "The old way asked twice and believed the second answer.",
    "It was found by a customer; nobody was woken.",
    "Measured on the staging database: 40 ms instead of 900 ms.",
    "See the discussion in the issue for what was tried first.",
    "This keeps the format as it is, so nothing has to be migrated.",
    "- the first line of a list\n- and the second one",
)


class Wording:
    """Messages, from the dice.

    Args:
        dice: What chooses.
    """

    def __init__(self, dice: Dice) -> None:
        """Nothing has been said yet."""
        self._dice = dice

    def message(self) -> tuple[str, str]:
        """A message, and what it asks for: ``patch``, ``minor``, ``major``, or nothing (empty)."""
        dice = self._dice
        if dice.happens(100):
            return self._whole(dice.one(PLAIN), ""), ""
        kind, bump = dice.one(TYPES)
        scope = f"({dice.one(SCOPES)})" if dice.happens(500) else ""
        loud, footer = dice.happens(0.4), dice.happens(0.3)
        broken = "BREAKING CHANGE: the old way is gone\nUse the new one.\n" if footer else ""
        message = self._whole(f"{kind}{scope}{'!' if loud else ''}: {self._subject()}", broken)
        return (
            message.replace("\n", "\r\n") if dice.happens(5) else message
        ), "major" if loud or footer else bump

    def reverting(self, commit: str) -> tuple[str, str] | None:
        """The message of a revert as git writes it, if there is a commit to revert."""
        if not commit:
            return None
        return f'Revert "feat: {self._subject()}"\n\nThis reverts commit {commit}.\n', "patch"

    def merge(self, side: int) -> str:
        """The message of a merge, as git or as GitHub writes it."""
        if self._dice.happens(500):
            return f"Merge branch 'side-{side}'\n"
        return f"Merge pull request #{self._number()} from acme/side-{side}\n\n{self._subject()}\n"

    def _subject(self) -> str:
        words = f"{self._dice.one(VERBS)} {self._dice.one(THINGS)} {self._dice.one(WHERE)}"
        return f"{words} (#{self._number()})" if self._dice.happens(300) else words

    def _whole(self, header: str, broken: str) -> str:
        """A message with its body and its footers, where it has any."""
        dice, parts = self._dice, [header]
        while dice.happens(350):
            parts.append(dice.one(SENTENCES))
        footers = f"Refs: #{self._number()}\n" if dice.happens(200) else ""
        if dice.happens(100):
            name = dice.one(NAMES)
            footers += f"Co-authored-by: {name} <{name.split()[0].lower()}@example.com>\n"
        return "\n\n".join([*parts, broken + footers] if broken + footers else parts)

    def _number(self) -> int:
        return 1 + int(self._dice.random() * 9999)


def _noise(size: int) -> str:
    """Base64 of what does not repeat."""
    return base64.b64encode(
        b"".join(zlib.crc32(b"%d" % n).to_bytes(4, "big") for n in range(size // 5))
    ).decode()


HOSTILE: dict[str, str] = {
    "a line of 4 000 spaces": "feat: a" + " " * 4000 + "b",
    "4 000 spaces before the colon": "feat" + " " * 4000 + ": b",
    "1 MB of base64": "fix: keys\n\n" + _noise(1 << 20),
    "1 MB of base64 as the header": _noise(1 << 20),
    "a scope of 1 MB": "feat(" + "a" * (1 << 20) + "): b",
    "100 000 open parentheses": "feat" + "(" * 100_000,
    "100 000 footers": "fix: b\n\n" + "Refs: #1\n" * 100_000,
    "100 000 breaking changes": "fix: b\n\n" + "BREAKING CHANGE: it\n" * 100_000,
    "a footer of 100 000 lines": "fix: b\n\nRefs: #1\n" + " more\n" * 100_000,
    "500 000 line ends": "fix: b" + "\r\n" * 500_000,
    "200 000 empty paragraphs": "fix: b\n\n" + "x\n\n" * 200_000,
    "a list of 50 000": "Squash\n\n" + "* feat: one more\n\n" * 50_000,
    "50 000 reverts in one": "Revert all\n\n" + f"This reverts commit {'a1b2c3d4e5' * 4}.\n" * 50_000,
    "a reverted revert, 20 000 deep": 'Revert "' * 20_000 + "feat: a" + '"' * 20_000,
    "100 000 fixups": "fixup! " * 100_000 + "feat: a",
    "1 MB of Markdown": "feat: " + "[a](<" * 100_000 + "`_*" * 170_000,
    "100 000 issues": "fix: b " + "#1 " * 100_000,
}
"""Messages that make tools hang, by what they are."""
