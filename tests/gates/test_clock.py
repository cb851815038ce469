"""The gate that compares this machine's clock with the cloud's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from relman import gates
from relman.cloudrun import CloudRun
from relman.models import Answer, Price, Verdict
from tests.gates.conftest import WEDNESDAY, Ask

NOTHING = b'{"error": {"code": 404, "status": "NOT_FOUND", "message": "no such service"}}'


@contextmanager
def api(date: str) -> Iterator[str]:
    """An API that knows no service, and tells this time; its endpoint."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(404)
            if date:
                self.send_header("Date", date)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(NOTHING)))
            self.end_headers()
            self.wfile.write(NOTHING)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def clock(question: Ask, date: str, now: datetime = WEDNESDAY) -> Verdict:
    """What the gate says at ``now`` to an answer with this ``Date``."""
    with api(date) as endpoint, closing(CloudRun(endpoint)) as cloud:
        (gate,) = [one for one in gates.GATES if one.id == "clock"]
        (verdict,) = gates.ask(question(now=now, cloud=cloud), [gate])
        return verdict


@pytest.mark.parametrize(
    ("ahead", "answer"),
    [(0, Answer.GO), (60, Answer.GO), (-60, Answer.GO), (62, Answer.NO_GO), (-61, Answer.NO_GO)],
)
def test_sixty_seconds_are_the_limit(question: Ask, ahead: int, answer: Answer) -> None:
    """``clock``: either way; a ``Date`` has whole seconds, and up to one of them is nobody's fault."""
    cloud = format_datetime(WEDNESDAY - timedelta(seconds=ahead), usegmt=True)
    assert clock(question, cloud).answer is answer


def test_a_skew_is_explained_and_nobody_lifts_it(question: Ask) -> None:
    """How much, which way, both times, and what becomes of it."""
    found = clock(question, format_datetime(WEDNESDAY - timedelta(hours=2), usegmt=True))
    assert "this machine's clock is 1 h 59 min ahead of the cloud's" in found.fact
    assert "windows, freezes and bakes would be judged at the wrong time" in found.fact
    assert (found.passes, found.price) == (False, Price.NOBODY)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_it_is_unknown(question: Ask, date: str) -> None:
    """Unknown is no-go."""
    found = clock(question, date)
    assert (found.answer, found.passes) == (Answer.UNKNOWN, False)


def test_a_cloud_that_does_not_answer_is_unknown(question: Ask) -> None:
    """No answer, no time."""
    (gate,) = [one for one in gates.GATES if one.id == "clock"]
    (verdict,) = gates.ask(question(), [gate])
    assert verdict.answer is Answer.UNKNOWN


def test_the_date_is_read_as_utc(question: Ask) -> None:
    """Whatever zone this machine is in: GMT is what the header has."""
    assert clock(question, "Wed, 25 Nov 2026 10:30:00 GMT", datetime(2026, 11, 25, 10, 30, tzinfo=UTC)).passes
