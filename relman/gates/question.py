"""What every gate is asked about, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from relman.clock import Clock
from relman.cloudrun import CloudRun
from relman.config import Config, Target
from relman.live import LiveService
from relman.models import Candidate, Release
from relman.repo import Repo


@dataclass
class Question:
    """May this candidate ship, now?

    Attributes:
        chain: The releases that a rollback could go to, newest first.
        first: No release of the service ever was good.
    """

    candidate: Candidate
    chain: tuple[Release, ...]
    first: bool
    config: Config
    target: Target
    repo: Callable[[], Repo]
    cloud: CloudRun
    clock: Clock

    @cached_property
    def live(self) -> LiveService | None:
        """The service as it is, read once for all gates."""
        return self.cloud.service(self.candidate.key)
