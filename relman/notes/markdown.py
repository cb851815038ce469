"""Strangers' words as Markdown that shows them, and does nothing else.

What it is not: a renderer. Commit subjects and names are whatever anybody typed: no character of theirs
may open a heading, a link, an HTML element, or hide what follows (CommonMark 0.31, GitHub's tables,
strikethrough and formulas). All is linear in the length of the text.
"""

from __future__ import annotations

import re


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


LONGEST = 400
"""Characters of a line that are shown; a subject of more is no subject. The commit has the rest."""

INVISIBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u061c\u115f\u1160\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f"
    "\u205f-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""What moves, hides or turns its neighbours: controls, bidi marks, fillers, tag characters; not LF."""
ACTIVE = re.compile(r"[\\`*\[\]<>|~$]|&(?=#?\w)|(?<![^\W_])_|_(?![^\W_])")
"""What has a meaning within a line; ``_`` has none between letters. An address may link to itself."""
PLAIN = re.compile(r"[A-Za-z(][A-Za-z0-9 .,:;()/'\"!?@%+=#{}^-]{0,398}")
"""What most subjects are, and what needs nothing done: one look is enough."""
OPENING = re.compile(r"(?P<mark>[#+=>-]|\d{1,9}(?=[.)](?:\s|$)))")
"""What has a meaning at the start of a line only."""
ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"\s*`{3,}\s*")
BULLET = re.compile(r"(?:[*+-]|\d{1,3}[.)]) +(?=\S)")


def plain(text: str) -> str:
    """Text without anything that cannot be seen; every such character is a space."""
    return text if text.isascii() and text.isprintable() else INVISIBLE.sub(" ", text)


def shown(value: object) -> Markdown:
    """A value as one line of Markdown that shows it. What is Markdown already is left alone."""
    if type(value) is Markdown:
        return value
    text = str(value)
    if PLAIN.fullmatch(text):
        return Markdown(text)
    text = plain(text).replace("\n", " ").strip()
    if len(text) > LONGEST:
        text = f"{text[:LONGEST].rstrip()}…"
    return Markdown(_opened(_line(text)))


def block(text: str, indent: int = 2) -> Markdown:
    """Several lines of a commit's text, to stand in a list's item: lists and fenced code stay what they are.

    Every line is indented, so nothing in it reaches beyond the item. Fences are written anew, and
    closed, so that what is taken for code is code.
    """
    if PLAIN.fullmatch(text):
        return Markdown(f"{' ' * indent}{text.rstrip()}")
    lines: list[str] = []
    code = False
    for line in plain(text).split("\n"):
        fence = bool(FENCE.match(line)) if not code else bool(FENCE.fullmatch(line))
        code = code != fence
        lines.append("```" if fence else line.rstrip() if code else _item(line.strip()))
    lines += ["```"] if code else []
    return Markdown("\n".join(f"{' ' * indent}{line}" if line else "" for line in lines))


def link(text: object, url: str) -> Markdown:
    """A link, or only its text where there is no address."""
    return Markdown(f"[{shown(text)}]({url})") if url else shown(text)


def code(text: object) -> Markdown:
    """A name as code; backticks in it are taken out, as no escape works in code."""
    told = plain(str(text)).replace("\n", " ").replace("`", "'").strip()
    return Markdown(f"`{told}`" if told else "")


def _item(line: str) -> str:
    """A line of a block; the mark of a list's item at its start stays one."""
    bullet = BULLET.match(line)
    head = bullet[0] if bullet else ""
    return f"{head}{_opened(_line(line[len(head) :]))}"


def _opened(text: str) -> str:
    """A line's text that opens nothing."""
    found = OPENING.match(text)
    if not found:
        return text
    mark = found["mark"]
    return f"{mark}\\{text[len(mark) :]}" if mark.isdigit() else f"\\{text}"


def _line(text: str) -> str:
    """A line with its code kept and everything else that is active shown as it was typed."""
    if not ACTIVE.search(text):
        return text
    if "`" not in text:
        return ACTIVE.sub(_shown, text)
    parts = CODE.split(text)  # what stands at an odd place is code
    return "".join(f"`{part}`" if at % 2 else ACTIVE.sub(_shown, part) for at, part in enumerate(parts))


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    return ENTITIES.get(character) or f"\\{character}"
