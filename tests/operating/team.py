"""A small team with an operating model, and a clock that tests turn."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from relman import opening
from relman.clock import Clock
from relman.config.words import Zone
from relman.ops.held import Record
from relman.team import holding
from relman.team.holding import Said
from relman.team.operating import Operating

T = TypeVar("T")
BERLIN = Zone("Europe/Berlin")

MODEL = """
profile = "team"
mode = "advise"
[service.api]
project = "acme"
region = "europe-west1"
[model]
version = "1.0"
tz = "Europe/Berlin"
since = 2026-11-30
[people.ana]
name = "Ana Ruiz"
emails = ["ana@mervo.example"]
[people.ben]
name = "Ben Okafor"
emails = ["ben@mervo.example"]
[people.chloe]
name = "Chloe Lind"
[roles.ops-lead]
holder = "ana"
deputy = "ben"
[roles.eng-lead]
holder = "ben"
deputy = "ana"
[[raci]]
id = "model"
what = "The model"
decides = "maintenance"
R = "eng-lead"
A = "ops-lead"
[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
freezes = [{ from = "2026-12-18", to = "2027-01-03", reason = "year end" }]
holidays = [{ date = 2027-03-29, name = "Easter Monday" }]
[oncall]
tz = "Europe/Berlin"
layers = [{ participants = ["ana", "ben"], start = "2026-11-30T09:00", every = { weeks = 1 } }]
[[cadence]]
id = "mon"
what = "Review last week's incidents"
when = "mon 10:00"
owner = "ops-lead"
attend = ["eng-lead", "on-call"]
pack = ["incidents", "releases", "gates", "overrides", "owed", "on-call", "actions", "decisions", "adherence"]
blocks = true
[[cadence]]
id = "tue"
what = "Rollout plan"
when = "tue 10:00"
owner = "eng-lead"
pack = ["plan"]
blocks = true
[[cadence]]
id = "drill"
what = "Drills"
when = "thu 14:00"
every = 2
anchor = 2026-12-03
owner = "ops-lead"
pack = ["drills"]
"""


class Team:
    """The team's folder, and the time that it is there."""

    def __init__(self, root: Path, model: str = MODEL) -> None:
        """A git repository of Ana's with the model in it."""
        self.root, self.now = root, berlin("2026-11-30T09:00")
        for command in (["init", "-q"], ["config", "user.email", "ana@mervo.example"]):
            subprocess.run(["git", *command], cwd=root, check=True)
        self.without_key()
        self.write(model)

    def write(self, model: str) -> None:
        """Change the model."""
        (self.root / "relman.toml").write_text(model, "utf-8")

    def at(self, local: str) -> Team:
        """It is another time, on the wall in Berlin."""
        self.now = berlin(local)
        return self

    @property
    def clock(self) -> Clock:
        """The time that was set."""
        return Clock(now=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Time goes on at once."""
        self.now += timedelta(seconds=seconds)

    def with_key(self) -> None:
        """Ana has a key."""
        key = self.root / ".git" / "key"
        key.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
        subprocess.run(command, check=True)
        subprocess.run(["git", "config", "user.signingKey", f"{key}.pub"], cwd=self.root, check=True)

    def without_key(self) -> None:
        """She has none, whatever the machine's own configuration says."""
        subprocess.run(["git", "config", "user.signingKey", ""], cwd=self.root, check=True)

    def ask(self, what: Callable[[Operating], T]) -> T:
        """What the team's side of relman answers now."""
        with closing(opening.team(self.root, time=self.clock)) as operating:
            return what(operating)

    def hold(
        self, item: str, said: Said, occurrence: str = "", *, dry: bool = False
    ) -> tuple[Record | None, str]:
        """Hold a meeting now."""
        return self.ask(
            lambda team: holding.hold(team, holding.prepared(team, item, occurrence), said, dry=dry)
        )


def berlin(local: str) -> datetime:
    """A wall-clock time in Berlin."""
    return BERLIN.instant(datetime.fromisoformat(local))
