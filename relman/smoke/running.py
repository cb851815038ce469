"""All checks of a suite against one URL, within a budget of time.

What it is not: HTTP (``asking``), or what is right (``judging``).

Order: warm-up, then all checks at once, then latency samples one after another. The samples come
last and alone because our own threads would slow them: measured, 16 threads lift the median of an
answer that takes no time from 1.3 to 20 ms.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Thread

import msgspec

from relman.clock import Clock
from relman.config.words import Text
from relman.smoke import credentials
from relman.smoke.asking import Asker, Unanswered, origin
from relman.smoke.filling import filled, named_in
from relman.smoke.judging import differences
from relman.smoke.report import Attempt, CheckResult, Measured, Report
from relman.smoke.suite import Check, Expect, Latency, Status, Suite, Warmup

THREADS = 16
COLD = {"connect", "timeout", "403", "404", "502", "503", "504"}
"""What a warm-up waits out."""
WARMUP_EVERY = 0.5
LONGEST_FACT = 200
_Queue = queue.SimpleQueue[tuple[Check, CheckResult | Exception]]


def run(
    suite: Suite,
    base_url: str,
    *,
    values: Mapping[str, str],
    clock: Clock,
    token: str | None = None,
    on_check: Callable[[CheckResult], None] = lambda _result: None,
) -> Report:
    """Ask every check of a suite.

    Args:
        suite: The checks.
        base_url: The service's or a tag's URL.
        values: What ``${release.version}`` and its like stand for. A check that names one which is
            not given, or empty, is not asked; the report says so.
        clock: Where the time comes from.
        token: A bearer token, where the caller has one.
        on_check: Called with each result as it comes, in the caller's thread.

    Raises:
        UsageError: ``base_url`` is no http or https URL.
        NotAuthenticated: The credentials that the suite names are not there.
    """
    origin(base_url)
    began = clock.now()
    secrets = credentials.headers(suite.service, base_url, token)
    errand = _Errand(suite, base_url, secrets, clock)
    found = []
    for result in errand.results({name: value for name, value in values.items() if value}):
        found.append(result)
        on_check(result)
    seconds = (clock.now() - began).total_seconds()
    return Report(url=str(base_url), seconds=seconds, results=_ordered(suite, found), warmup=errand.warmed)


class _Errand:
    """One run of a suite: the URL, who asks, and when the time is up."""

    def __init__(self, suite: Suite, base_url: str, secrets: Mapping[str, str], clock: Clock) -> None:
        self._suite, self._base_url, self._secrets, self._clock = suite, base_url, secrets, clock
        self._ends = clock.now() + timedelta(seconds=suite.service.budget.seconds)
        self.warmed: CheckResult | None = None

    def results(self, values: Mapping[str, str]) -> Iterator[CheckResult]:
        """Each check's result, as it comes; the warm-up's is kept apart."""
        known = [check for check in self._suite.check if named_in(check) <= values.keys()]
        yield from (_not_asked(check, values) for check in self._suite.check if check not in known)
        with self._asker() as asker:
            if self._suite.service.warmup:
                self.warmed = self._warm_up(self._suite.service.warmup, asker)
            if self.warmed and not self.warmed.passed:
                yield from (_unasked(check, "the warm-up failed") for check in known)
                return
            yield from self._asked([filled(check, values) for check in known], asker)

    def _asked(self, checks: list[Check], asker: Asker) -> Iterator[CheckResult]:
        timed = []
        for check, result in self._all(checks):
            if check.latency and result.passed:
                timed.append((check, check.latency, result))
            else:
                yield result
        yield from (self._timed(*slow, asker) for slow in timed)

    def _all(self, checks: list[Check]) -> Iterator[tuple[Check, CheckResult]]:
        """Every check, in threads. They are daemons: one that a service holds cannot hold us."""
        todo: queue.SimpleQueue[Check] = queue.SimpleQueue()
        done: _Queue = queue.SimpleQueue()
        for check in checks:
            todo.put(check)
        threads = [Thread(target=self._work, args=(todo, done), daemon=True) for _ in checks[:THREADS]]
        for thread in threads:
            thread.start()
        missing = {check.name: check for check in checks}
        while missing and (came := self._next(done)):
            yield came[0], came[1]
            del missing[came[0].name]
        yield from ((check, self._late(check)) for check in missing.values())
        for thread in threads:
            thread.join(0 if missing else 1)

    def _next(self, done: _Queue) -> tuple[Check, CheckResult] | None:
        """The next result, None when the time is up."""
        try:
            check, result = done.get(timeout=max(self._left, 0) + 1)
        except queue.Empty:
            return None
        if isinstance(result, Exception):
            raise result
        return check, result

    def _work(self, todo: queue.SimpleQueue[Check], done: _Queue) -> None:
        with self._asker() as asker, suppress(queue.Empty):
            while True:
                check = todo.get_nowait()
                try:
                    done.put((check, self._tried(check, asker)))
                except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
                    done.put((check, error))

    def _tried(self, check: Check, asker: Asker) -> CheckResult:
        """Ask, and ask again where the check allows it."""
        attempts: list[Attempt] = []
        while True:
            attempt, trouble = self._attempt(check, asker)
            attempts.append(attempt)
            if not attempt.fact or trouble not in check.retry.on or len(attempts) >= check.retry.attempts:
                break
            self._clock.sleep(min(check.retry.every.seconds, max(self._left, 0)))
        return _result(check, attempts)

    def _attempt(self, check: Check, asker: Asker) -> tuple[Attempt, str]:
        """One request: what was wrong with it, and its trouble in the words of ``retry.on``."""
        began = self._clock.now()
        if self._left <= 0:
            return Attempt(0.0, self._late(check).fact), ""
        try:
            answer = asker.ask(check, min(check.timeout.seconds, self._left))
            took, trouble = self._since(began), str(answer.status)
            facts = list(differences(check.expect, answer))
        except Unanswered as error:
            took, trouble, facts = self._since(began), error.kind, [str(error)]
        return Attempt(took, "; ".join(self._told(fact) for fact in facts)), trouble

    def _warm_up(self, warmup: Warmup, asker: Asker) -> CheckResult:
        anything = Expect(status=Status("below 600"))
        check = Check(name=Text(f"warm-up {warmup.path}"), get=warmup.path, expect=anything)
        ends = self._clock.now() + timedelta(seconds=warmup.within.seconds)
        attempts: list[Attempt] = []
        while True:
            attempt, trouble = self._attempt(check, asker)
            cold = trouble in COLD or bool(attempt.fact)
            attempts.append(Attempt(attempt.milliseconds, attempt.fact or f"HTTP {trouble}" if cold else ""))
            if not cold or self._left <= 0 or self._clock.now() >= ends:
                return _result(check, attempts, flaky=False)
            self._clock.sleep(WARMUP_EVERY)

    def _timed(self, check: Check, latency: Latency, result: CheckResult, asker: Asker) -> CheckResult:
        """The result with its latency samples; one wrong answer among them fails it."""
        times = []
        for number in range(1, latency.samples + 1):
            attempt, _ = self._attempt(check, asker)
            if attempt.fact:
                said = f"sample {number} of {latency.samples}: {attempt.fact}"
                return msgspec.structs.replace(result, passed=False, flaky=False, fact=said)
            times.append(attempt.milliseconds)
        return _measured(latency, result, Measured.of(times))

    def _asker(self) -> Asker:
        return Asker(self._base_url, self._secrets, self._clock)

    @property
    def _left(self) -> float:
        return (self._ends - self._clock.now()).total_seconds()

    def _since(self, began: datetime) -> float:
        return (self._clock.now() - began).total_seconds() * 1000

    def _late(self, check: Check) -> CheckResult:
        budget = self._suite.service.budget
        return CheckResult(name=str(check.name), passed=False, fact=f"not done within the budget of {budget}")

    def _told(self, fact: str) -> str:
        """A fact without secrets, and only then cut short: never half a secret."""
        clean = _printable(credentials.redacted(fact, self._secrets))
        return clean if len(clean) <= LONGEST_FACT else f"{clean[:LONGEST_FACT]}…"


def _printable(text: str) -> str:
    """What a service answers must not move a cursor, nor be impossible to print."""
    marked = (" " if one.isspace() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return "".join(one if one.isprintable() else mark for one, mark in zip(text, marked, strict=True))


def _result(check: Check, attempts: list[Attempt], *, flaky: bool = True) -> CheckResult:
    fact = attempts[-1].fact
    return CheckResult(
        name=str(check.name),
        passed=not fact,
        attempts=tuple(attempts),
        flaky=flaky and not fact and len(attempts) > 1,
        fact=fact,
    )


def _measured(latency: Latency, result: CheckResult, measured: Measured) -> CheckResult:
    limit, warning = latency.p95, latency.degraded
    said = f"p95 {measured.p95:.0f} ms over {measured.samples} samples, limit"
    if measured.p95 > limit.seconds * 1000:
        return msgspec.structs.replace(
            result, passed=False, flaky=False, latency=measured, fact=f"{said} {limit}"
        )
    slow = f"{said} for degraded {warning}" if warning and measured.p95 > warning.seconds * 1000 else ""
    return msgspec.structs.replace(result, latency=measured, degraded=slow)


def _not_asked(check: Check, values: Mapping[str, str]) -> CheckResult:
    return _unasked(check, f"no {min(named_in(check) - values.keys())}")


def _unasked(check: Check, fact: str) -> CheckResult:
    return CheckResult(name=str(check.name), asked=False, passed=False, fact=fact)


def _ordered(suite: Suite, found: list[CheckResult]) -> tuple[CheckResult, ...]:
    places = {str(check.name): place for place, check in enumerate(suite.check)}
    return tuple(sorted(found, key=lambda result: places[result.name]))
