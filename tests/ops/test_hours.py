"""The hours by the file and by the ledger: ruling 20's precedence, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relman import config
from relman.clock import Clock, stamp
from relman.ledger import Draft, SqliteStore
from relman.models import TEAM, Release
from relman.ops import ahead, closures, hours, windows
from relman.ops.hours import Hours

SCHEDULE = config.schedule(
    {
        "tz": "Europe/Berlin",
        "windows": [{"days": ["wed"], "start": "10:00", "end": "16:00"}],
        "freezes": [{"from": "2026-12-18", "to": "2027-01-03", "reason": "year end"}],
    }
)
WEDNESDAY = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # 11:00 in Berlin
THURSDAY = WEDNESDAY + timedelta(days=1)
IN_FREEZE = datetime(2026, 12, 23, 10, 0, tzinfo=UTC)  # a Wednesday
API = Release("1.8.0", "api-v1-8-0", "sha256:1")


class Book:
    """A ledger under a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = WEDNESDAY - timedelta(days=1)
        self.store = SqliteStore(folder, Clock(lambda: self.now, lambda _seconds: None))

    def says(self, kind: str, **detail: Any) -> str:
        """Record an entry; the name that it would have as a freeze or stop."""
        (entry,) = self.store.append([Draft(kind, TEAM, "", detail=detail)])
        return closures.named(entry) if kind in closures.BEGUN else ""

    def overrides(self, since: datetime, *, emergency: bool = False, digest: str = "sha256:1") -> None:
        """Record an override of two hours."""
        said = {"reason": "cannot pay", "incident": "INC-42", "emergency": emergency, "gate": "window"}
        times = {"from": stamp(since), "expires": stamp(since + timedelta(hours=2))}
        self.says("override.granted", **said, **times, candidate={"version": "1.8.0", "digest": digest})

    def hours(self, schedule: config.Schedule | None = SCHEDULE, release: Release | None = None) -> Hours:
        """What is allowed by it."""
        return hours.of(schedule, self.store.entries(), release=release)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty ledger."""
    made = Book(tmp_path / "ledger")
    with closing(made.store):
        yield made


def test_without_a_ledger_it_is_the_window(book: Book) -> None:
    """Closed on Thursday, open on Wednesday, closed in the freeze of the file."""
    found = book.hours()
    assert [found.answer(at).open for at in (WEDNESDAY, THURSDAY, IN_FREEZE)] == [True, False, False]


def test_an_override_opens_outside_the_window(book: Book) -> None:
    """W7: override before window; half-open, so at its expiry it is closed again."""
    book.overrides(THURSDAY)
    found = book.hours()
    assert found.answer(THURSDAY).closes_at == THURSDAY + timedelta(hours=2)
    assert not found.answer(THURSDAY + timedelta(hours=2)).open


def test_an_override_opens_for_what_it_was_granted_for(book: Book) -> None:
    """Another image is not let through by it."""
    book.overrides(THURSDAY, digest="sha256:2")
    assert not book.hours(release=API).answer(THURSDAY).open
    book.overrides(THURSDAY)
    assert book.hours(release=API).answer(THURSDAY).open


@pytest.mark.parametrize("emergency", [False, True])
def test_only_an_emergency_pierces_a_freeze(book: Book, emergency: bool) -> None:  # noqa: FBT001
    """W7: freeze before override, unless that is an emergency; of the file and of the ledger alike."""
    book.overrides(IN_FREEZE, emergency=emergency)
    book.overrides(WEDNESDAY, emergency=emergency)
    book.says("window.frozen", **{"from": "2026-11-25"}, tz="Europe/Berlin", reason="audit")
    assert [book.hours().answer(at).open for at in (WEDNESDAY, IN_FREEZE)] == [emergency, emergency]


def test_a_stop_goes_before_everything(book: Book) -> None:
    """Ruling 20: neither an open window nor an emergency override opens it."""
    book.overrides(WEDNESDAY, emergency=True)
    name = book.says("window.stopped", tz="Europe/Berlin", reason="money is lost")
    found = book.hours()
    assert found.answer(WEDNESDAY) == windows.Answer(open=False)
    assert found.explain(WEDNESDAY) == (
        f"it is Wed 25 Nov 11:00 Europe/Berlin; emergency stop {name} since 2026-11-24T11:00 until further "
        "notice (money is lost); it does not open until it is lifted"
    )


def test_a_stop_is_named_before_a_longer_freeze(book: Book) -> None:
    """What has to be lifted first is what a refusal tells."""
    book.says("window.frozen", tz="Europe/Berlin", reason="audit")
    book.says("window.stopped", tz="Europe/Berlin", to="2026-11-25", reason="money is lost")
    found = book.hours().frozen(WEDNESDAY)
    assert found is not None
    assert found.kind == "stop"


def test_what_was_lifted_ends_where_it_was(book: Book) -> None:
    """A freeze that is thawed, or a stop that is resumed, has closed until that instant and no longer."""
    name = book.says("window.frozen", tz="Europe/Berlin", reason="audit")
    stop = book.says("window.stopped", tz="Europe/Berlin", reason="money is lost")
    book.now = WEDNESDAY
    book.says("window.resumed", id=stop, reason="found")
    book.says("window.thawed", id=name, reason="done")
    found = book.hours()
    assert [one.span.end for one in found.closures] == [WEDNESDAY, WEDNESDAY]
    assert found.frozen(WEDNESDAY - timedelta(seconds=1)) is not None
    assert found.answer(WEDNESDAY).open


def test_what_was_lifted_before_it_began_never_was(book: Book) -> None:
    """A planned freeze that is called off closes nothing."""
    name = book.says("window.frozen", **{"from": "2026-11-25"}, tz="Europe/Berlin")
    book.says("window.thawed", id=name, reason="called off")
    assert book.hours().closures == ()


def test_dates_of_the_ledger_are_whole_days_of_its_zone(book: Book) -> None:
    """W5: both days inclusive, from midnight to midnight where it was frozen."""
    book.says("window.frozen", **{"from": "2027-03-28", "to": "2027-03-28"}, tz="Europe/Berlin")
    (found,) = book.hours().closures
    assert found.span == (datetime(2027, 3, 27, 23, tzinfo=UTC), datetime(2027, 3, 28, 22, tzinfo=UTC))


def test_local_times_of_the_ledger_are_half_open(book: Book) -> None:
    """W5: closed at the first instant, open at the last."""
    book.says("window.frozen", **{"from": "2026-11-25T11:00", "to": "2026-11-25T12:00"}, tz="Europe/Berlin")
    found = book.hours()
    assert not found.answer(WEDNESDAY).open
    assert found.answer(WEDNESDAY + timedelta(hours=1)).open


@pytest.mark.parametrize("detail", [{}, {"to": "tomorrow"}, {"tz": "Mars/Olympus"}, {"reason": 7}])
def test_a_closure_that_cannot_be_read_closes(book: Book, detail: dict[str, Any]) -> None:
    """Unknown is no-go: an erased or odd record closes until somebody lifts it."""
    name = book.says("window.frozen", **detail)
    assert not book.hours().answer(WEDNESDAY).open
    book.says("window.thawed", id=name, reason="seen")
    assert book.hours().answer(WEDNESDAY).open


def test_without_a_window_all_time_is_open_but_what_is_closed(book: Book) -> None:
    """A team without ``[window]`` can freeze and stop all the same."""
    assert book.hours(None).answer(THURSDAY) == windows.Answer(open=True)
    book.says("window.frozen", **{"from": "2026-11-26", "to": "2026-11-26"}, tz="Europe/Berlin")
    found = book.hours(None)
    assert found.answer(THURSDAY).next_opening == datetime(2026, 11, 26, 23, tzinfo=UTC)
    assert "no window is set up" in found.explain(WEDNESDAY)


def test_a_stop_that_was_lifted_twice_ended_the_first_time(book: Book) -> None:
    """Two people lift it at once; the second word changes nothing."""
    name = book.says("window.stopped", tz="UTC", reason="x")
    for hours_later in (1, 3):
        book.now = WEDNESDAY + timedelta(hours=hours_later)
        book.says("window.resumed", id=name)
    (closure,) = book.hours().closures
    assert closure.span.end == WEDNESDAY + timedelta(hours=1)


def test_an_override_of_another_gate_opens_no_window(book: Book) -> None:
    """It lifts what it names."""
    said = {"reason": "r", "incident": "i", "emergency": True, "gate": "cadence"}
    times = {"from": stamp(THURSDAY), "expires": stamp(THURSDAY + timedelta(hours=2))}
    book.says("override.granted", **said, **times, candidate={"version": "1.8.0", "digest": "sha256:1"})
    assert not book.hours().answer(THURSDAY).open


def test_an_override_says_for_which_version_it_opens(book: Book) -> None:
    """Who reads that it is open must not think of another one."""
    book.overrides(THURSDAY)
    assert "override (for 1.8.0 only: cannot pay)" in book.hours().explain(THURSDAY)


@pytest.mark.parametrize(("since", "to", "mark"), [("09:00", "15:00", "frozen"), ("00:00", "06:00", "")])
def test_a_day_without_a_window_is_frozen_by_its_noon(book: Book, since: str, to: str, mark: str) -> None:
    """Part of a night is no frozen day."""
    book.says(
        "window.frozen", tz="Europe/Berlin", **{"from": f"2026-11-27T{since}", "to": f"2026-11-27T{to}"}
    )
    found = book.hours()
    (friday,) = (one for one in ahead.days(found, ahead.months(found, THURSDAY, 1)) if one.date.day == 27)
    assert friday.mark == mark


def test_a_day_that_keeps_its_whole_window_is_open(book: Book) -> None:
    """Not partly; with an hour of it taken, it is."""
    book.says("window.frozen", tz="Europe/Berlin", **{"from": "2026-11-25T10:00", "to": "2026-11-25T11:00"})
    found = book.hours()
    marks = {one.date.day: one.mark for one in ahead.days(found, ahead.months(found, THURSDAY, 1))}
    assert (marks[18], marks[25], marks[26]) == ("open", "partly", "")


def test_a_calendar_has_what_begins_in_it() -> None:
    """An opening in the night to the first belongs to the month before, and is written once."""
    night = {"days": ["mon"], "start": "22:00", "end": "02:00"}
    found = hours.of(config.schedule({"tz": "Europe/Berlin", "windows": [night]}), ())
    november, december = (
        ahead.occasions(found, ahead.months(found, datetime(2026, month, 5, tzinfo=UTC), 1))
        for month in (11, 12)
    )
    assert (november[-1].start, december[0].start) == (
        datetime(2026, 11, 30, 21, tzinfo=UTC),
        datetime(2026, 12, 7, 21, tzinfo=UTC),
    )
