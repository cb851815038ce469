"""One commit message, read by Conventional Commits 1.0.0.

What it is not: a judge of histories. What a commit is worth among others (reverted, merged, released
already) is for ``relman.version.history`` to say.

The items of the specification hold by the letter. Where it is silent, this was chosen:

- A line ends at LF or CRLF. Blank lines before the header, a byte order mark, and spaces at the end of
  a line do not count; git's own clean-up removes them too.
- A type, and a footer's token, is one word: letters, digits, ``-`` and ``_``, a letter among them, a
  letter or digit first. A scope is anything but parentheses, and never empty.
- The header is the first line. Lines that follow it without a blank one belong to it, as they do to
  git's subject; no footer stands there (items 6 and 8).
- Footers begin at the start of a paragraph (item 8); from there on a token at the start of any line
  ends the value before it (item 10). Code fences are text like any other.
- ``BREAKING CHANGE #12`` and other spellings are no breaking change (item 12), but a *possible* one,
  which is shown to people.
- A breaking change of a commit without a type is a possible one too: by item 1 such a commit is of no
  convention.
- A list of messages in a body, as squash merges write it, is body. :func:`squashed` takes it apart for
  those who want that.
- ``(cherry picked from commit …)`` on a line of its own is git's mark and part of no footer.

Everything here is linear in the length of the message; no regular expression sees more than a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

Bump = Literal["major", "minor", "patch"]
ORDER: Final[tuple[Bump, ...]] = ("patch", "minor", "major")
"""From the least to the most."""

BREAKING: Final = ("BREAKING CHANGE", "BREAKING-CHANGE")
"""The two tokens of a breaking change (items 12 and 16), the only units whose case counts (item 15)."""

_ASKS: Final[dict[str, Bump]] = {"feat": "minor", "fix": "patch"}
_UNDOING = ('Revert "', 'Reapply "')
"""How ``git revert`` begins its subject; the second since git 2.43, for the revert of a revert."""
_MENDING = ("fixup! ", "squash! ", "amend! ")
NAMING: Final = (*_UNDOING, *_MENDING)
"""How the subject begins of a commit that names another by its subject."""
_PICKED = "(cherry picked from commit "
_REFERRING = frozenset({"refs", "ref", "reverts"})
_SHORTEST = 7
"""The hash that ``git log --oneline`` shows has seven digits at least."""


class Footer(Struct, frozen=True, gc=False):
    """One footer, such as ``Reviewed-by: Z`` or ``Refs #133``.

    Attributes:
        token: As it was written.
        value: What follows the separator; may have several lines.
        separator: ``": "`` or ``" #"`` (item 8).
    """

    token: str
    value: str
    separator: str = ": "

    @property
    def breaking(self) -> bool:
        """Whether it is an entry of item 12 or 16."""
        return self.token in BREAKING and self.separator == ": "


class Message(Struct, frozen=True, gc=False):
    """A commit message taken apart.

    Attributes:
        header: The first paragraph, as it was written.
        type: In lower case (item 15); None for a message of no convention.
        scope: What stands in parentheses, None without.
        description: What follows ``type: ``; None for a message of no convention.
        bang: Whether ``!`` stands before the colon.
        body: The paragraphs between header and footers.
        footers: In their order.
        picked: The full hashes of the commits that it was cherry-picked from.
    """

    header: str
    type: str | None = None
    scope: str | None = None
    description: str | None = None
    bang: bool = False
    body: str = ""
    footers: tuple[Footer, ...] = ()
    picked: tuple[str, ...] = ()

    @property
    def conventional(self) -> bool:
        """Whether it has the prefix that item 1 asks for."""
        return self.type is not None

    @property
    def subject(self) -> str:
        """The first line."""
        return self.header.partition("\n")[0]

    @property
    def group(self) -> str | None:
        """Under which heading it belongs: its type."""
        return self.type

    @property
    def breaking(self) -> bool:
        """Whether it says, by ``!`` or by a footer, that something breaks (item 11)."""
        return self.conventional and (self.bang or any(footer.breaking for footer in self.footers))

    @property
    def breaking_notes(self) -> tuple[str, ...]:
        """What breaks: the footers' values, or the description where ``!`` stands alone (item 13)."""
        if not self.breaking:
            return ()
        told = tuple(footer.value for footer in self.footers if footer.breaking)
        return told or (self.description or "",)

    @property
    def bump(self) -> Bump | None:
        """What it asks for by itself; types but feat and fix ask for nothing (FAQ on SemVer)."""
        if self.breaking:
            return "major"
        return _ASKS.get(self.type or "")

    @property
    def possible_breaking(self) -> tuple[str, ...]:
        """The lines that look like a breaking change and are none by the letter."""
        return tuple(_possible(self))

    @property
    def undone(self) -> str | None:
        """The subject of the commit that this one says it reverts, None if it is no revert.

        Either git's ``Revert "…"`` or the type ``revert`` (FAQ on reverts). What ``Reapply "…"``
        reverts is the revert.
        """
        if self.header.startswith(_UNDOING):
            verb, _, told = self.subject.partition('"')
            quoted, closed, _ = told.rpartition('"')
            if closed:
                return f'Revert "{quoted}"' if verb == "Reapply " else quoted
        return self.description if self.type == "revert" else None

    @property
    def reverts(self) -> tuple[Reverted, ...]:
        """The commits that it reverts, by hash: git's own sentence, and a revert's references."""
        return tuple(dict.fromkeys(_reverted(self)))

    @property
    def mends(self) -> str | None:
        """The subject that ``fixup!``, ``squash!`` or ``amend!`` names, None without such a mark."""
        subject, at = self.subject, 0
        while subject.startswith(_MENDING, at):
            at = subject.index("! ", at) + 2
        return subject[at:].lstrip() if at else None

    @property
    def co_authors(self) -> tuple[str, ...]:
        """``Name <mail>`` of each ``Co-authored-by`` footer."""
        return self.values("co-authored-by")

    def values(self, token: str) -> tuple[str, ...]:
        """The values of a footer; its token may be written in any case (item 15)."""
        sought = token.lower()
        return tuple(footer.value for footer in self.footers if footer.token.lower() == sought)


class Reverted(Struct, frozen=True):
    """A commit that a message names as reverted.

    Attributes:
        commit: Its hash, perhaps abbreviated, in lower case.
        made_to: For a merge, the parent that stays: everything that the merge brought in is reverted.
    """

    commit: str
    made_to: str = ""


def parse(text: str) -> Message:
    """Take a message apart. Every text can be: one of no convention has no ``type``."""
    lines = _lines(text)
    end = lines.index("") if "" in lines else len(lines)
    kind, scope, bang, description = _prefix(lines[0]) if lines else (None, None, False, None)
    body, footers, picked = _rest(lines, end) if end < len(lines) else ("", (), ())
    return Message("\n".join(lines[:end]), kind, scope, description, bang, body, footers, picked)


def render(message: Message) -> str:
    """The message as text again, such that ``parse(render(message)) == message``."""
    last = [f"{_PICKED}{commit})" for commit in message.picked]
    last += [f"{footer.token}{footer.separator}{footer.value}" for footer in message.footers]
    return "\n\n".join(part for part in (message.header, message.body, "\n".join(last)) if part)


def squashed(message: Message) -> tuple[Message, ...]:
    """The messages that a squash merge listed in the body: paragraphs that begin with ``* ``."""
    items: list[list[str]] = []
    whole = render(Message("-", body=message.body, footers=message.footers))
    for line in whole.split("\n")[2:]:
        if line.startswith("* "):
            items.append([line[2:]])
        elif items:
            items[-1].append(line)
    return tuple(parse("\n".join(item)) for item in items)


def is_word(text: str) -> bool:
    """Whether a text can be a type or a token: one word of any language, ``-`` within."""
    if text.isalpha():
        return True
    named = text[:1].isalnum() and f"_{text.replace('-', '_')}".isidentifier()
    return named and any(character.isalpha() for character in text)


def _lines(text: str) -> list[str]:
    """The lines without spaces at their ends, from the first that is not blank to the last."""
    text = text.removeprefix("\ufeff").strip("\r\n")
    if "\n" not in text:
        return [text.rstrip()] if text.strip() else []
    lines = [line.rstrip() for line in text.split("\n")]
    first = next((number for number, line in enumerate(lines) if line), len(lines))
    while lines and not lines[-1]:
        lines.pop()
    return lines[first:]


def _prefix(line: str) -> tuple[str | None, str | None, bool, str | None]:
    """Type, scope, ``!`` and description; nothing unless all that is required is there (items 1 to 5)."""
    kind, scope, rest = _typed(line)
    bang = rest.startswith("!")
    rest = rest[bang:]
    description = rest[2:].strip()
    if not rest.startswith(": ") or not description or scope == "" or not is_word(kind):
        return None, None, False, None
    return kind.lower(), scope, bang, description


def _typed(line: str) -> tuple[str, str | None, str]:
    """What stands before the scope, in it, and after it."""
    opens, colon = line.find("("), line.find(":")
    if colon < 0 or 0 <= opens < colon:
        kind, _, after = line.partition("(")
        scope, closed, rest = after.partition(")")
        return kind, "" if "(" in scope or not closed else scope.strip(), rest
    end = colon - line[:colon].endswith("!")
    return line[:end], None, line[end:]


def _footer(line: str) -> Footer | None:
    """The footer that a line begins, if it does (items 8 and 9)."""
    colon, mark = line.find(": "), line.find(" #")
    for at in (colon, mark) if colon < mark else (mark, colon):
        token, value = line[: max(at, 0)], line[at + 2 :].strip()
        if token and value and (token in BREAKING or is_word(token)):
            return Footer(token, value, line[at : at + 2])
    return None


def _rest(lines: list[str], start: int) -> tuple[str, tuple[Footer, ...], tuple[str, ...]]:
    """Body, footers and cherry-pick marks of what follows the header."""
    told: dict[int, list[str]] = {}  # lines without a footer of their own, by how many stand before them
    footers: list[Footer] = []
    picked: list[str] = []
    for number in range(start, len(lines)):
        line = lines[number]
        may_begin = bool(footers or picked or not lines[number - 1])
        if may_begin and line.startswith(_PICKED) and line.endswith(")"):
            picked.append(line[len(_PICKED) : -1])
        elif may_begin and (footer := _footer(line)):
            footers.append(footer)
        else:
            told.setdefault(len(footers), []).append(line)
    body = "\n".join(told.pop(0, ())).strip("\n")
    for count, more in told.items():
        last = footers[count - 1]
        footers[count - 1] = Footer(last.token, "\n".join([last.value, *more]).strip(), last.separator)
    return body, tuple(footers), tuple(picked)


def _possible(message: Message) -> Iterator[str]:
    """Lines of which a person might think that they declare a breaking change."""
    told = render(message)
    if "!: " not in told and "breaking" not in told.lower():
        return  # almost every message; nothing more is done for it
    counted = {f"{one.token}: {one.value.partition(chr(10))[0]}" for one in message.footers if one.breaking}
    settled = {message.subject} if message.breaking else set()
    settled |= counted if message.conventional else set()
    for line in told.split("\n"):
        if line not in settled and _looks_breaking(line):
            yield line


def _looks_breaking(line: str) -> bool:
    """Such as ``* Breaking change: x``, ``BREAKING: x``, ``fix: BREAKING CHANGE x``, ``* feat!: x``."""
    plain = line.strip("*-#>_`+ \t")
    kind, _, bang, description = _prefix(plain)
    return bang or any(_names_breaking(text) for text in (plain, (kind and description) or ""))


def _names_breaking(text: str) -> bool:
    """Whether a text begins with the words, in any spelling, or with the one word and a colon."""
    word, rest = text[:8].lower(), text[8:]
    return word == "breaking" and (rest[:1] in {":", "!"} or rest[1:7].lower() == "change")


def _reverted(message: Message) -> Iterator[Reverted]:
    """The commits named as reverted, in their order, perhaps repeated."""
    is_revert = message.undone is not None
    whole = [message.body, *(footer.value for footer in message.footers)]
    for text in whole:
        if "evert" in text:
            yield from _sentences(text.split("\n"), ("This reverts", "Reverts ") if is_revert else ())
    for footer in message.footers:
        if is_revert and footer.token.lower() in _REFERRING:
            yield from (Reverted(commit) for commit in _hashes(footer.value))


def _sentences(lines: list[str], openings: tuple[str, ...]) -> Iterator[Reverted]:
    """``This reverts commit <hash>.``; of a merge: ``, reversing`` and a line ``changes made to <hash>.``."""
    for number, line in enumerate(lines):
        if not line.startswith(("This reverts commit ", *openings)):
            continue
        told = lines[number + 1] if line.endswith(", reversing") and number + 1 < len(lines) else ""
        made_to = next(_hashes(told), "") if told.startswith("changes made to ") else ""
        yield from (Reverted(commit, made_to) for commit in _hashes(line))


def _hashes(text: str) -> Iterator[str]:
    """The words of a text that are hashes, whole or abbreviated."""
    for word in text.replace(",", " ").split():
        plain = word.strip(".;:()`'\"").lower()
        if is_hash(plain) and not plain.isalpha():  # "defaced" is a word
            yield plain


def is_hash(text: str) -> bool:
    """Whether a text can be a commit's hash, whole (SHA-1, SHA-256) or abbreviated to no less than seven."""
    return _SHORTEST <= len(text) <= 64 and not text.strip("0123456789abcdef")  # noqa: PLR2004 - SHA-256
