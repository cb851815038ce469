"""A team with a rota, in a real repository with a real key, under a clock that is handed in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relman import opening
from relman.clock import Clock
from relman.team.operating import Operating

WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)

SERVICE = '[service.api]\nproject = "acme"\nregion = "europe-west1"\n'
MODEL = f"""{SERVICE}
[people.ana]
name = "Ana Ruiz"
emails = ["ana@mervo.example"]
[people.ben]
name = "Ben Ode"
emails = ["Ben@Mervo.example"]
[people.chloe]
name = "Chloe Wu"
[roles.eng-lead]
holder = "ana"
[severity.P1]
means = "down"
respond = "15m"
acknowledge = "5m"
update = "30m"
tell = ["on-call", "eng-lead"]
via = "pager"
[oncall]
tz = "Europe/Berlin"
secondary = "previous"
layers = [{{ participants = ["ana", "ben"], start = "2026-11-23T09:00", every = {{ weeks = 1 }} }}]
[[domain]]
id = "billing"
owner = "eng-lead"
escalation = "money"
[[escalation]]
steps = [{{ notify = ["oncall"], wait_minutes = 5 }}, {{ notify = ["chloe"], wait_minutes = 10 }}]
[[escalation]]
id = "money"
steps = [{{ notify = ["eng-lead"], wait_minutes = 5 }}]
"""

Open = Callable[..., Operating]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's key."""
    place = tmp_path_factory.mktemp("keys") / "id_ed25519"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "somebody", "-f", str(place)]
    subprocess.run(command, check=True)
    return place


@pytest.fixture
def team(tmp_path: Path, key: Path) -> Iterator[Open]:
    """Opens the team's side at an instant, as somebody: ``team(now, email=…)``."""
    opened: list[Operating] = []

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True)

    def made(now: datetime = WEDNESDAY, *, email: str = "ana@mervo.example", toml: str = MODEL) -> Operating:
        (tmp_path / "relman.toml").write_text(toml, "utf-8")
        git("init", "--quiet", "--initial-branch", "main")
        git("config", "user.email", email)
        git("config", "user.signingKey", str(key))
        opened.append(opening.team(tmp_path, time=Clock(lambda: now, lambda _seconds: None)))
        return opened[-1]

    yield made
    for one in opened:
        one.close()
