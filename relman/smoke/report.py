"""What came of the checks: values, one sentence for a screen, a table, and JUnit XML.

What it is not: a verdict of a gate or a step. They read ``passed``, ``failures`` and ``summary``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, section 2.2."""


class Attempt(Struct, frozen=True):
    """One request: how long it took, and what was wrong; an empty fact means nothing was."""

    milliseconds: float
    fact: str = ""


class Measured(Struct, frozen=True):
    """How fast a check was answered, in milliseconds, over ``samples`` requests one after another."""

    samples: int
    p50: float
    p95: float

    @classmethod
    def of(cls, times: list[float]) -> Measured:
        """The percentiles of a list that is not empty."""
        return cls(len(times), percentile(times, 0.5), percentile(times, 0.95))


class CheckResult(Struct, frozen=True, kw_only=True):
    """What came of one check.

    Attributes:
        name: The check's.
        asked: It was asked at all. A check that was not has not passed either.
        passed: The last attempt was as expected, and fast enough.
        attempts: Every request, in order, without the latency samples.
        flaky: It passed, but not at the first attempt.
        fact: Why it did not pass, or why it was not asked.
        latency: What the samples took, where they were asked for.
        degraded: It passed, but slower than it should be: in words.
    """

    name: str
    passed: bool
    asked: bool = True
    attempts: tuple[Attempt, ...] = ()
    flaky: bool = False
    fact: str = ""
    latency: Measured | None = None
    degraded: str = ""

    @property
    def milliseconds(self) -> float:
        """What the last attempt took; 0 where there was none."""
        return self.attempts[-1].milliseconds if self.attempts else 0.0

    @property
    def word(self) -> str:
        """``passed``, ``flaky``, ``degraded``, ``FAILED`` or ``not asked``."""
        if not self.asked:
            return "not asked"
        if not self.passed:
            return "FAILED"
        return "degraded" if self.degraded else "flaky" if self.flaky else "passed"


class Report(Struct, frozen=True, kw_only=True):
    """What came of a suite.

    Attributes:
        url: What was asked.
        seconds: How long it took altogether.
        results: One for each check, in the order of the file.
        warmup: The wait for the first answer, None where there was none to wait for.
    """

    url: str
    seconds: float
    results: tuple[CheckResult, ...] = ()
    warmup: CheckResult | None = None

    @property
    def passed(self) -> bool:
        """Something was asked, and nothing of it failed. Nothing asked is nothing known: no-go."""
        return bool(self._asked) and not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """What was asked and did not pass, the warm-up among it."""
        return tuple(one for one in self.lines if one.asked and not one.passed)

    @property
    def lines(self) -> tuple[CheckResult, ...]:
        """All results, the warm-up first."""
        return (self.warmup, *self.results) if self.warmup else self.results

    @property
    def summary(self) -> str:
        """``24 checks, p95 180 ms, 1 flaky``; or which failed, and why the first one did."""
        if self.warmup and not self.warmup.passed:
            return f"{self.warmup.name} failed: {self.warmup.fact}"
        if not self._asked:
            return f"no check was asked{self._left_out}"
        if not self.failures:
            return f"{_checks(len(self._asked))}, p95 {self._p95:.0f} ms{self._remarks}{self._left_out}"
        first, *others = self.failures
        more = f", and {len(others)} more" if others else ""
        return (
            f"{len(self.failures)} of {_checks(len(self.results))} failed: {first.name}: {first.fact}{more}"
        )

    @property
    def _asked(self) -> tuple[CheckResult, ...]:
        return tuple(one for one in self.results if one.asked)

    @property
    def _p95(self) -> float:
        """The slowest check's, where latency was sampled; else over the checks themselves."""
        sampled = [one.latency.p95 for one in self._asked if one.latency]
        return max(sampled) if sampled else percentile([one.milliseconds for one in self._asked], 0.95)

    @property
    def _remarks(self) -> str:
        counts = {word: sum(one.word == word for one in self._asked) for word in ("flaky", "degraded")}
        return "".join(f", {count} {word}" for word, count in counts.items() if count)

    @property
    def _left_out(self) -> str:
        out = [one for one in self.results if not one.asked]
        return f", {len(out)} not asked ({out[0].fact})" if out else ""


def percentile(times: Iterable[float], share: float) -> float:
    """The nearest-rank percentile: a time that really was measured."""
    ordered = sorted(times)
    return ordered[ceil(share * len(ordered)) - 1]


def table(report: Report) -> str:
    """The results as lines of text: what came of it, milliseconds, name, and why."""
    rows = [_row(one) for one in report.lines]
    return "\n".join([*rows, "", f"{report.summary} in {report.seconds:.1f} s"])


def junit(report: Report) -> str:
    """The report as JUnit XML; a check that was not asked is ``skipped``."""
    from xml.etree import ElementTree as ET

    suite = ET.Element(
        "testsuite",
        name="smoke",
        tests=str(len(report.lines)),
        failures=str(len(report.failures)),
        errors="0",
        skipped=str(sum(not one.asked for one in report.lines)),
        time=f"{report.seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="url", value=_clean(report.url))
    for one in report.lines:
        _case(suite, one)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _row(one: CheckResult) -> str:
    said = one.fact or one.degraded or (one.attempts[0].fact if one.flaky else "")
    measured = f"p95 {one.latency.p95:.0f} ms of {one.latency.samples}" if one.latency else ""
    remarks = ", ".join(part for part in (said, measured) if part)
    took = f"{one.milliseconds:.0f} ms" if one.asked else "-"
    return f"{one.word:9}  {took:>8}  {one.name}{f': {remarks}' if remarks else ''}"


def _case(suite: Element, one: CheckResult) -> None:
    from xml.etree import ElementTree as ET

    seconds = sum(attempt.milliseconds for attempt in one.attempts) / 1000
    case = ET.SubElement(suite, "testcase", classname="smoke", name=_clean(one.name), time=f"{seconds:.3f}")
    if not one.asked:
        ET.SubElement(case, "skipped", message=_clean(one.fact))
    elif not one.passed:
        ET.SubElement(case, "failure", message=_clean(one.fact)).text = _attempts(one)
    elif one.flaky or one.degraded:
        ET.SubElement(case, "system-out").text = _clean(one.degraded) or _attempts(one)


def _attempts(one: CheckResult) -> str:
    numbered = enumerate(one.attempts, 1)
    return _clean("\n".join(f"attempt {n}: {each.fact or 'as expected'}" for n, each in numbered))


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _checks(count: int) -> str:
    return f"{count} check{'' if count == 1 else 's'}"
