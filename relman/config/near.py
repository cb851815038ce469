"""What may have been meant: the nearest word, for the end of an error.

What it is not: a correction. relman never goes on with a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(text: object, words: Iterable[str]) -> str:
    """``, did you mean 'bake'?``, or nothing where no word is near."""
    known = {word.lower(): word for word in sorted(words)}
    near = get_close_matches(str(text).lower(), known, n=1)
    return f", did you mean {known[near[0]]!r}?" if near else ""
