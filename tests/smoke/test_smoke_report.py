"""What people and machines read of a report."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from relman.smoke import Attempt, CheckResult, Measured, Report, junit, table
from relman.smoke.report import percentile

BAD = 'status: expected 200, got 500 ("\x00\x1b[31m<&>\ud800")'
RESULTS = (
    CheckResult(name="fine", passed=True, attempts=(Attempt(12.4),)),
    CheckResult(name="shaky", passed=True, flaky=True, attempts=(Attempt(5, "no connection"), Attempt(7))),
    CheckResult(
        name="slow",
        passed=True,
        attempts=(Attempt(200),),
        latency=Measured(10, 150, 180.4),
        degraded="p95 180 ms over 10 samples, limit for degraded 150ms",
    ),
    CheckResult(name="unknown", passed=False, asked=False, fact="no release.revision"),
)
FAILED = CheckResult(name='<"bad">', passed=False, attempts=(Attempt(9, BAD),), fact=BAD)


def test_the_summary_of_a_pass_hides_nothing() -> None:
    """Checks, p95, and whatever was not plain."""
    report = Report(url="http://x", seconds=1.25, results=RESULTS)
    assert report.passed
    assert report.summary == ("3 checks, p95 180 ms, 1 flaky, 1 degraded, 1 not asked (no release.revision)")


def test_the_summary_of_a_failure_says_which_and_why() -> None:
    """The first failure's reason stands there, and how many more there are."""
    report = Report(url="http://x", seconds=1.25, results=(*RESULTS, FAILED, FAILED))
    assert not report.passed
    assert report.summary == f'2 of 6 checks failed: <"bad">: {BAD}, and 1 more'


def test_the_table_has_a_line_for_each_check() -> None:
    """What came of it, how long it took, and why."""
    lines = table(Report(url="http://x", seconds=1.25, results=(*RESULTS, FAILED))).splitlines()
    assert lines[0] == "passed        12 ms  fine"
    assert lines[1] == "flaky          7 ms  shaky: no connection"
    assert lines[2].startswith("degraded     200 ms  slow: p95 180 ms over 10 samples")
    assert lines[3] == "not asked         -  unknown: no release.revision"
    assert lines[4].startswith('FAILED         9 ms  <"bad">: status: expected 200')
    assert lines[-1].endswith(" in 1.2 s")


def test_junit_is_well_formed_whatever_the_service_answered() -> None:
    """Control characters and half surrogates, which XML cannot hold, are replaced."""
    warmup = CheckResult(name="warm-up /", passed=True, attempts=(Attempt(1, "HTTP 404"), Attempt(800)))
    text = junit(Report(url="http://x", seconds=1.25, results=(*RESULTS, FAILED), warmup=warmup))
    root = ET.fromstring(text.encode())  # noqa: S314 - our own text
    counts = {name: root.get(name) for name in ("tests", "failures", "skipped", "errors", "time")}
    assert counts == {"tests": "6", "failures": "1", "skipped": "1", "errors": "0", "time": "1.250"}
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases) == ["warm-up /", "fine", "shaky", "slow", "unknown", '<"bad">']
    assert cases["unknown"].find("skipped") is not None
    assert cases["warm-up /"].get("time") == "0.801"
    failure = cases['<"bad">'].find("failure")
    assert failure is not None
    assert failure.get("message") == 'status: expected 200, got 500 ("��[31m<&>�")'
    assert (cases["shaky"].findtext("system-out") or "").splitlines() == [
        "attempt 1: no connection",
        "attempt 2: as expected",
    ]


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(1, 0.95, 1), (2, 0.5, 1), (10, 0.95, 10), (20, 0.95, 19), (100, 0.95, 95)],
)
def test_percentiles_are_nearest_rank(count: int, share: float, expected: float) -> None:
    """A percentile is one of the times that were measured."""
    assert percentile(range(1, count + 1), share) == expected
