"""Checks against real servers: what passes, what fails and why, and what is never let through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from relman.clock import system
from relman.errors import UsageError
from relman.smoke import CheckResult, Report, Suite, default_suite, load, run, table

from .servers import Handler, Odd, free_port

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


def waits(handler: Handler) -> None:
    """200 after 200 ms."""
    handler.server.stopping.wait(0.2)
    handler.send(200)


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
    report = ask(f'[service]\nbudget = "500ms"\n{CHECK}timeout = "200ms"\n{fine}')
    assert [(one.name, one.passed) for one in report.results] == [("it", False), ("fine", True)]
    assert report.results[0].fact == "not done within the budget of 500ms"
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
