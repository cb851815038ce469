"""From messages to a version: what commits ask for, and which version follows.

What it is not: git. Whoever reads the history hands in commits (``models.Commit``) and tags. The parts:
``conventional`` (one message), ``history`` (the commits of a range), ``precedence`` (which version is
higher, and which comes next), ``rules`` (what a team may settle).
"""

from relman.version.conventional import ORDER, Bump, Footer, Message, Reverted, parse, render, squashed
from relman.version.history import Accounted, Brought, Judged, Place, Possible, Tally, judged, matches, shown
from relman.version.precedence import FIRST, candidate, checked, final, highest, parsed, precedence, raised
from relman.version.rules import Rules

__all__ = [
    "FIRST",
    "ORDER",
    "Accounted",
    "Brought",
    "Bump",
    "Footer",
    "Judged",
    "Message",
    "Place",
    "Possible",
    "Reverted",
    "Rules",
    "Tally",
    "candidate",
    "checked",
    "final",
    "highest",
    "judged",
    "matches",
    "parse",
    "parsed",
    "precedence",
    "raised",
    "render",
    "shown",
    "squashed",
]
