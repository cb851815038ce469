"""From messages to a version: what commits ask for, and which version follows.

What it is not: git. Whoever reads the history hands in commits (``models.Commit``) and tags. The parts:
``conventional`` (one message), ``precedence`` (which version is higher, and which comes next).
"""

from relman.version.conventional import ORDER, Bump, Footer, Message, Reverted, parse, render, squashed
from relman.version.precedence import FIRST, Accounted, accounted, checked, following, last, parsed

__all__ = [
    "FIRST",
    "ORDER",
    "Accounted",
    "Bump",
    "Footer",
    "Message",
    "Reverted",
    "accounted",
    "checked",
    "following",
    "last",
    "parse",
    "parsed",
    "render",
    "squashed",
]
