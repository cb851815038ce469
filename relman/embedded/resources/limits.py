"""What this machine gives to a revision. What it is not: a limit of Cloud Run, or of the revision itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How long, and how often, a revision may run though it need not.

    Attributes:
        idle_after: Seconds without a request after which an instance above the minimum ends; Cloud Run keeps
            one for 15 minutes at most.
        most: Instances of one revision, whatever its own maximum says.
    """

    idle_after: int = 900
    most: int = 4
