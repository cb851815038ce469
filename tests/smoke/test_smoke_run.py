"""Checks against real servers: what passes, what fails and why, and what is never let through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from relman.clock import system
from relman.errors import UsageError
from relman.smoke import CheckResult, Report, Suite, default_suite, load, run, table

from .servers import Handler, Odd, free_port, waits

Ask = Callable[..., Report]
Write = Callable[[str], Path]
CHECK = '[[check]]\nname = "it"\nget = "/it"\n'


def test_every_difference_is_named_with_expected_and_got(odd: Odd, ask: Ask) -> None:
    """A wrong answer is told by what was expected and what came."""
    odd.json("/it", {"items": [{"id": "x_1"}], "count": 5, "ok": True})
    report = ask(
        CHECK
        + """
expect.headers = { x-revision = "hello-v2", content-length = { matches = "^[a-z]+$" } }
expect.json = { "length(items)" = 2, "items[0].id" = { matches = "^it_" }, ok = 1, "length(none)" = 0 }
expect.body.contains = "nowhere"
"""
    )
    (result,) = report.failures
    for said in (
        "header x-revision: expected, and there is none",
        'header content-length: expected to match "^[a-z]+$", got "',
        "length(items): expected 2, got 1",
        'items[0].id: expected to match "^it_", got "x_1"',
        "ok: expected 1, got true",
        "length(none): expected 0, got nothing",
        'body: expected to contain "nowhere", got',
    ):
        assert said in result.fact
    assert not report.passed
    assert report.summary.startswith("1 of 1 check failed: it: header x-revision")


@pytest.mark.parametrize(
    ("expected", "passes"),
    [
        ("count = 5", True),
        ("count = 5.0", True),
        ("count = true", False),
        ("one = true", False),
        ('count = "5"', False),
        ('"items[0]" = { id = "it_1" }', True),
        ('"items[0]" = { id = "it_1", more = 1 }', False),
        ('items = [{ id = "it_1" }]', True),
        ("items = []", False),
        ('"missing == `null`" = true', True),
        ("missing = false", False),
        ('"items[0].id" = { matches = "_\\\\d$" }', True),
        ('count = { matches = "5" }', False),
    ],
)
def test_json_values_are_compared_as_json(odd: Odd, ask: Ask, expected: str, passes: bool) -> None:  # noqa: FBT001
    """``true`` is not 1, a text is no number, objects and lists are equal as a whole."""
    odd.json("/it", {"items": [{"id": "it_1"}], "count": 5, "one": 1})
    assert ask(f"{CHECK}expect.json = {{ {expected} }}").passed is passes


@pytest.mark.parametrize(
    ("status", "wanted", "passes"),
    [
        (204, "", True),
        (302, "", False),
        (404, "expect.status = 404", True),
        (404, "expect.status = [200, 404]", True),
        (500, 'expect.status = "below 500"', False),
        (499, 'expect.status = "below 500"', True),
        (404, 'expect.status = "4xx"', True),
    ],
)
def test_statuses(odd: Odd, ask: Ask, status: int, wanted: str, passes: bool) -> None:  # noqa: FBT001
    """Without a word any 2xx is right; else what is named, and nothing else."""
    odd.status("/it", status)
    assert ask(CHECK + wanted).passed is passes


def test_a_wrong_status_is_told_with_what_the_service_said(odd: Odd, ask: Ask) -> None:
    """The body of a 500 stands in the fact: it mostly says why."""
    odd.replies["/it"] = lambda handler: handler.send(500, b"the items cannot be read")
    (result,) = ask(f"{CHECK}expect.json = {{ a = 1 }}").results
    assert result.fact == 'status: expected 2xx, got 500 ("the items cannot be read")'


def test_a_body_that_is_no_json_is_said_to_be_none(odd: Odd, ask: Ask) -> None:
    """A page where JSON was expected, or nesting that no parser takes, is a failure and no crash."""
    for body in (b"<html>", b"", b"[" * 100_000):
        odd.replies["/it"] = partial(Handler.send, status=200, body=body)
        (result,) = ask(f"{CHECK}expect.json = {{ a = 1 }}").results
        assert result.fact.startswith("body: expected JSON, got")


def test_what_a_service_answers_cannot_move_the_cursor_or_break_a_print(odd: Odd, ask: Ask) -> None:
    """Escape sequences and half surrogates come out marked, and the report is text that can be written."""

    def status_line(handler: Handler) -> None:
        handler.wfile.write(b"\x1b[2J\x9b31m\r\n\r\n")
        handler.close_connection = True

    odd.replies["/it"] = partial(Handler.send, status=200, body=b'{"a": "\\ud800 \\u001b[2J \xc2\x9b31m"}')
    odd.replies["/line"] = status_line
    report = ask(f'{CHECK}expect.json.a = 1\n[[check]]\nname = "line"\nget = "/line"')
    assert report.results[0].fact == 'a: expected 1, got "� \\u001b[2J �31m"'
    assert not report.results[1].passed
    for text in (table(report), report.summary, msgspec.json.encode(report).decode()):
        assert text.replace("\n", "").isprintable()


def test_what_is_sent_arrives_as_it_was_written(odd: Odd, ask: Ask) -> None:
    """Method, query, headers and body arrive; every request is uncached and names relman."""
    odd.status("/v1/items", 201)
    report = ask("""
[[check]]
name = "make"
post = "/v1/items?dry=1"
headers = { X-Note = "grüße ${release.version}" }
json = { name = "Löffel", version = "${release.version}" }
[[check]]
name = "put"
put = "/v1/items"
body = "ä"
[[check]]
name = "head"
head = "/v1/items"
""", version="1.2.0")  # fmt: skip
    assert report.passed, report.summary
    seen = {one["method"]: one for one in odd.seen}
    assert seen["POST"]["path"] == "/v1/items?dry=1"
    assert seen["POST"]["headers"]["X-Note"].encode("latin-1").decode() == "grüße 1.2.0"
    assert seen["POST"]["body"] == '{"name": "L\\u00f6ffel", "version": "1.2.0"}'
    assert seen["PUT"]["body"] == "ä"
    assert {one["headers"]["Cache-Control"] for one in odd.seen} == {"no-cache"}
    assert all(one["headers"]["User-Agent"].startswith("relman-smoke/") for one in odd.seen)


def test_a_check_that_names_an_unknown_value_is_not_asked_and_no_pass(odd: Odd, ask: Ask) -> None:
    """It is left out with its reason; alone it leaves nothing known, which is no-go."""
    odd.json("/it", {"revision": "hello-v1"})
    named = f'{CHECK}expect.json = {{ revision = "${{release.revision}}" }}\n'
    alone = ask(named)
    assert (alone.passed, alone.failures) == (False, ())
    assert alone.summary == "no check was asked, 1 not asked (no release.revision)"
    assert odd.seen == []
    both = ask(named + CHECK.replace('"it"', '"also"'))
    assert both.passed
    assert both.summary.endswith(", 1 not asked (no release.revision)")
    assert ask(named, revision="hello-v1").passed
    assert not ask(named, revision="hello-v2").passed
    assert not ask(named, revision="").passed


def test_a_value_within_a_pattern_stands_for_itself(odd: Odd, ask: Ask) -> None:
    """The dots of 1.2.0 match dots only."""
    odd.json("/it", {"version": "v1x2x0"})
    text = f'{CHECK}expect.json = {{ version = {{ matches = "^v${{release.version}}$" }} }}'
    assert not ask(text, version="1.2.0").passed
    odd.json("/it", {"version": "v1.2.0"})
    assert ask(text, version="1.2.0").passed


def test_an_empty_suite_has_not_passed(odd: Odd) -> None:
    """Nothing asked is nothing known."""
    report = run(Suite(), odd.url, values={}, clock=system())
    assert not report.passed
    assert report.summary == "no check was asked"


def test_latency_is_sampled_one_after_another_when_the_checks_are_done(odd: Odd, ask: Ask) -> None:
    """No two samples overlap, and none overlaps a check: our own threads would slow them."""
    under_way = threading.Semaphore(0)
    overlaps: list[str] = []

    def reply(handler: Handler) -> None:
        if under_way.acquire(blocking=False):
            overlaps.append(handler.path)
            under_way.release()
        under_way.release()
        handler.server.stopping.wait(0.005)
        under_way.acquire()
        handler.send(200)

    odd.replies["/fast"] = reply
    odd.status("/it", 200)
    fast = '[[check]]\nname = "fast"\nget = "/fast"\nlatency = { samples = 8, p95 = "5s" }\n'
    report = ask(fast + fast.replace('"fast"', '"fast too"') + CHECK)
    paths = [urlsplit(one["path"]).path for one in odd.seen]
    assert paths[3:] == ["/fast"] * 16
    assert len(overlaps) <= 1, "only the two checks themselves may have met"
    measured = report.results[0].latency
    assert measured is not None
    assert measured.samples == 8
    assert 5 <= measured.p50 <= measured.p95


def test_slow_is_a_failure_and_a_little_slow_is_said(odd: Odd, ask: Ask) -> None:
    """Above ``p95`` a check fails; above ``degraded`` it passes and the report says so."""

    def slow(handler: Handler) -> None:
        handler.server.stopping.wait(0.03)
        handler.send(200)

    odd.replies["/it"] = slow
    failed = ask(f'{CHECK}latency = {{ samples = 2, p95 = "20ms" }}')
    assert not failed.passed
    assert failed.results[0].fact.endswith(" ms over 2 samples, limit 20ms")
    degraded = ask(f'{CHECK}latency = {{ samples = 2, p95 = "5s", degraded = "20ms" }}')
    assert degraded.passed
    assert degraded.results[0].word == "degraded"
    assert degraded.summary.endswith(" ms, 1 degraded")


def test_a_wrong_answer_among_the_samples_fails_the_check(odd: Odd, ask: Ask) -> None:
    """Fast and wrong is wrong."""
    odd.status("/it", 200, 200, 500)
    (result,) = ask(f'{CHECK}latency = {{ samples = 5, p95 = "5s" }}').results
    assert result.fact.startswith("sample 2 of 5: status: expected 2xx, got 500")


def test_results_come_as_they_are_known_and_are_reported_in_the_order_of_the_file(
    odd: Odd, smoke_file: Write
) -> None:
    """Whoever watches sees a fast check first; the report reads like the file, and is JSON."""
    odd.replies["/slow"] = waits
    odd.status("/it", 200)
    text = '[[check]]\nname = "slow"\nget = "/slow"\n' + CHECK
    came: list[tuple[str, int]] = []

    def note(result: CheckResult) -> None:
        came.append((result.name, threading.get_ident()))

    report = run(load(smoke_file(text)), odd.url, values={}, clock=system(), on_check=note)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    assert came == [("it", threading.get_ident()), ("slow", threading.get_ident())]
    assert [one.name for one in report.results] == ["slow", "it"]


def test_checks_are_asked_at_the_same_time(odd: Odd, ask: Ask) -> None:
    """Ten checks of 200 ms take much less than two seconds."""
    odd.replies["/it"] = waits
    report = ask("".join(CHECK.replace('"it"', f'"it {number}"') for number in range(10)))
    assert report.passed
    assert report.seconds < 1.5


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://x", "", "http://", "http://x:99999"])
def test_what_is_no_url_is_a_usage_error(url: str) -> None:
    """It is said before anything is asked."""
    with pytest.raises(UsageError, match="not a URL"):
        run(default_suite(), url, values={}, clock=system())


def test_the_default_suite_passes_what_breathes_and_fails_what_does_not(odd: Odd) -> None:
    """404 at the root is an answer; 500 is none."""
    odd.status("/", 404)
    assert run(default_suite(), odd.url, values={}, clock=system()).passed
    odd.status("/", 500)
    assert not run(default_suite(), f"{odd.url}/", values={}, clock=system()).passed


def test_a_proxy_of_the_environment_does_not_stand_before_loopback(
    odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded platform is asked directly, whatever HTTP_PROXY says."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    odd.status("/", 200)
    assert run(default_suite(), odd.url, values={}, clock=system()).passed
