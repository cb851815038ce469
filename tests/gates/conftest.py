"""A question to gates about a candidate, under a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relman import config
from relman.clock import Clock
from relman.cloudrun import CloudRun
from relman.gates import Question
from relman.ledger import SqliteStore
from relman.models import Candidate, ServiceKey

KEY = ServiceKey("acme", "europe-west1", "api")
WEDNESDAY = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
WINDOW = '[window]\ntz = "UTC"\nwindows = [{ days = ["wed"], start = "10:00", end = "16:00" }]\n'
Ask = Callable[..., Question]


def candidate(version: str = "1.8.0", commit: str = "9f31c2e") -> Candidate:
    """A candidate as prepare leaves it."""
    return Candidate(
        key=KEY,
        environment="production",
        version=version,
        commit=commit,
        image=f"registry.example/api@sha256:{commit}",
        template={},
        template_digest="",
        revision=f"api-v{version.replace('.', '-')}-{commit}",
        tag="c-12345",
    )


@pytest.fixture
def question(tmp_path: Path) -> Iterator[Ask]:
    """Makes questions: ``question(toml, now=…)``; its ledger is ``question(…).ledger.__self__``."""
    with ExitStack() as stack:
        cloud = stack.enter_context(closing(CloudRun("http://127.0.0.1:1")))

        def made(toml: str = "", *, now: datetime = WEDNESDAY, **said: Any) -> Question:
            path = tmp_path / "relman.toml"
            path.write_text(f'{toml}\n[service.api]\nproject = "acme"\nregion = "europe-west1"\n', "utf-8")
            read = config.load(path)
            clock = Clock(lambda: now, lambda _seconds: None)
            store = stack.enter_context(closing(SqliteStore(tmp_path / ".relman", clock)))
            asked = {"key": KEY, "proposed": candidate(), "chain": (), "first": False, "repo": lambda: None}
            told = {"config": read, "target": read.select(), "cloud": cloud, "clock": clock}
            return Question(**{**asked, **told, "ledger": store.entries, **said})

        yield made


def record(question: Question, draft: Any) -> None:
    """Write an entry into the ledger that a question reads."""
    question.ledger.__self__.append([draft])  # type: ignore[attr-defined]


def hours(count: float) -> timedelta:
    """So many."""
    return timedelta(hours=count)
