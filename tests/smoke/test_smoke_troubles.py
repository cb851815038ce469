"""Checks against servers in trouble: retries, dripping answers, redirects, warm-up; nothing hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from relman.clock import system
from relman.smoke import Report, load, run

from .servers import Handler, Odd, free_port

Ask = Callable[..., Report]
Write = Callable[[str], Path]
CHECK = '[[check]]\nname = "it"\nget = "/it"\n'


def test_a_pass_at_the_third_attempt_is_flaky_and_all_three_are_kept(odd: Odd, ask: Ask) -> None:
    """Retries are recorded, and shown."""
    odd.status("/it", 503, 502, 200)
    report = ask(f'{CHECK}retry = {{ attempts = 3, every = "10ms" }}')
    (result,) = report.results
    assert (result.passed, result.flaky) == (True, True)
    assert [one.fact[:29] for one in result.attempts] == [
        "status: expected 2xx, got 503",
        "status: expected 2xx, got 502",
        "",
    ]
    assert report.summary.endswith(" ms, 1 flaky")


def test_only_the_listed_troubles_are_tried_again(odd: Odd, ask: Ask) -> None:
    """A 500 that is not listed is final at once, as is a wrong body; without a table everything is."""
    odd.status("/it", 500, 200)
    (result,) = ask(f'{CHECK}retry = {{ attempts = 5, every = "10ms", on = ["connect", 503] }}').results
    assert (result.passed, len(result.attempts)) == (False, 1)
    odd.status("/it", 503, 200)
    assert len(ask(CHECK).results[0].attempts) == 1
    odd.json("/it", {"a": 1})
    text = f'{CHECK}expect.json.a = 2\nretry = {{ attempts = 5, every = "10ms" }}'
    assert len(ask(text).results[0].attempts) == 1


def test_nobody_there_is_a_connect_trouble(smoke_file: Write) -> None:
    """A refused connection is retried where it is listed, and told plainly."""
    suite = load(smoke_file(f'{CHECK}retry = {{ attempts = 2, every = "10ms" }}'))
    report = run(suite, f"http://127.0.0.1:{free_port()}", values={}, clock=system())
    (result,) = report.results
    assert [one.fact for one in result.attempts] == ["no connection (Connection refused)"] * 2


def test_an_answer_that_breaks_off_is_no_answer(odd: Odd, ask: Ask) -> None:
    """A body shorter than announced, no status line at all, and broken gzip are failures."""

    def short(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    def nothing(handler: Handler) -> None:
        handler.wfile.write(b"what?\r\n\r\n")
        handler.close_connection = True

    replies = (short, nothing, lambda handler: handler.send(200, b"no gzip", Content_Encoding="gzip"))
    for reply in replies:
        odd.replies["/it"] = reply
        (result,) = ask(CHECK).results
        assert not result.passed
        assert result.fact.startswith(("no whole answer (", "no connection ("))


def _drip(handler: Handler, piece: bytes) -> None:
    """Bytes for as long as the test runs, each well within any timeout of a single read."""
    while not handler.server.stopping.wait(0.02):
        try:
            handler.wfile.write(piece)
        except OSError:
            return


def test_a_body_that_drips_is_given_up_in_time(odd: Odd, ask: Ask) -> None:
    """The timeout holds for the whole answer, not for one read."""

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        _drip(handler, b"x")

    odd.replies["/it"] = drip
    began = time.monotonic()
    (result,) = ask(f'{CHECK}timeout = "300ms"').results
    assert result.fact == "the answer did not end in time"
    assert time.monotonic() - began < 2


def test_headers_that_drip_cannot_outlast_the_budget(odd: Odd, ask: Ask) -> None:
    """Not even a service that never ends its headers holds a release up; other checks still count."""

    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        _drip(handler, b"x")

    odd.replies["/it"] = drip
    odd.status("/fine", 200)
    fine = '[[check]]\nname = "fine"\nget = "/fine"\n'
    report = ask(f'[service]\nbudget = "1500ms"\n{CHECK}timeout = "200ms"\n{fine}')
    assert [(one.name, one.passed) for one in report.results] == [("it", False), ("fine", True)]
    assert report.results[0].fact == "not done within the budget of 1500ms"
    assert report.seconds < 4


def test_silence_is_a_timeout_and_can_be_retried(odd: Odd, ask: Ask) -> None:
    """No answer in the time of a check is told as such."""
    odd.replies["/it"] = lambda handler: _drip(handler, b"")
    text = f'{CHECK}timeout = "100ms"\nretry = {{ attempts = 2, every = "1ms", on = ["timeout"] }}'
    (result,) = ask(text).results
    assert [one.fact for one in result.attempts] == ["no answer within 0.1 s"] * 2


def test_retries_end_with_the_budget(odd: Odd, ask: Ask) -> None:
    """A check that would wait longer than the whole suite may is not done, and no pass."""
    odd.status("/it", 503)
    report = ask(f'[service]\nbudget = "300ms"\n{CHECK}retry = {{ attempts = 9, every = "10s" }}')
    assert report.results[0].fact == "not done within the budget of 300ms"
    assert report.seconds < 2


def test_a_body_without_end_is_not_read(odd: Odd, ask: Ask) -> None:
    """Five megabytes are no smoke answer; memory stays bounded."""
    odd.replies["/it"] = lambda handler: handler.send(200, b"x" * 6_000_000)
    (result,) = ask(CHECK).results
    assert result.fact == "the answer is longer than 5,000,000 bytes"


def test_redirects_are_followed_only_as_far_as_allowed(odd: Odd, ask: Ask) -> None:
    """Without a word the redirect itself is judged; one too many is judged as what it is."""
    odd.replies["/it"] = lambda handler: handler.send(302, Location="/two")
    odd.replies["/two"] = lambda handler: handler.send(302, Location="/three")
    odd.json("/three", {})
    assert ask(f"{CHECK}expect.status = 302").passed
    assert ask(f"{CHECK}expect.max_redirects = 2").passed
    (result,) = ask(f"{CHECK}expect.max_redirects = 1").results
    assert result.fact == "status: expected 2xx, got 302"
    odd.replies["/it"] = lambda handler: handler.send(302, Location="ftp://elsewhere/")
    (result,) = ask(f"{CHECK}expect.max_redirects = 1").results
    assert result.fact.startswith("no whole answer (")


def test_cookies_are_not_carried_from_check_to_check(odd: Odd, ask: Ask) -> None:
    """Which thread asks which check must not matter."""
    odd.replies["/it"] = lambda handler: handler.send(200, Set_Cookie="session=1; Path=/")
    ask(f'[service]\nwarmup = {{ path = "/it" }}\n{CHECK}latency = {{ samples = 3, p95 = "5s" }}')
    assert len(odd.seen) == 5
    assert all("Cookie" not in one["headers"] for one in odd.seen)


def test_the_warm_up_waits_for_a_url_that_is_not_known_yet(odd: Odd, ask: Ask) -> None:
    """404 and 503 are waited out before the first check; the time of each look is kept."""
    odd.status("/healthz", 404, 503, 200)
    odd.status("/it", 200)
    report = ask(f'[service]\nwarmup = {{ path = "/healthz" }}\n{CHECK}')
    assert report.passed
    assert report.warmup is not None
    assert [one.fact for one in report.warmup.attempts] == ["HTTP 404", "HTTP 503", ""]
    assert report.summary.startswith("1 check, p95 ")
    assert "flaky" not in report.summary


def test_no_check_is_asked_when_the_warm_up_fails(odd: Odd, ask: Ask) -> None:
    """It fails after its time, and the checks say that they were not asked."""
    odd.status("/healthz", 404)
    report = ask(f'[service]\nwarmup = {{ path = "/healthz", within = "0s" }}\n{CHECK}')
    assert not report.passed
    assert [one.name for one in report.failures] == ["warm-up /healthz"]
    assert [one.fact for one in report.results] == ["the warm-up failed"]
    assert report.summary == "warm-up /healthz failed: HTTP 404"


def test_a_server_error_ends_the_warm_up_at_once(odd: Odd, ask: Ask) -> None:
    """A 500 is an answer: the checks say what is wrong, and nobody waits for it to go away."""
    odd.status("/healthz", 500)
    odd.status("/it", 500)
    report = ask(f'[service]\nwarmup = {{ path = "/healthz" }}\n{CHECK}')
    assert [one.name for one in report.failures] == ["it"]
    assert report.seconds < 2
