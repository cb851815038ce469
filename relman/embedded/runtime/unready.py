"""What stops a revision from coming up. What it is not: a crash, which comes after."""

from __future__ import annotations

from relman.embedded.resources.conditions import Trouble


class Unready(Exception):
    """The revision cannot be brought up.

    Args:
        trouble: Why.
    """

    def __init__(self, trouble: Trouble) -> None:
        """Keep the trouble; the message is its sentence."""
        super().__init__(trouble.message)
        self.trouble = trouble
