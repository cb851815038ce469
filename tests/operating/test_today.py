"""What a day asks of whom: one screen, by a clock that travels through two years."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from relman import opening
from relman.errors import UsageError
from relman.ops import pace
from relman.ops.freezing import Wish
from relman.ops.today import Page, When
from relman.render import today
from relman.team import handing, holding
from relman.team.holding import Said
from relman.team.operating import Operating
from tests.operating.team import MODEL, Team, berlin

ANA = Said(attendees=("ana",))
WINDOW = (
    "window    it is Mon 30 Nov 08:55 Europe/Berlin; the window is Wed 10:00-16:00; "
    "next Wed 2 Dec 10:00 (in 2 days 1 h)"
)


def page(team: Team, local: str, person: str = "") -> Page:
    """The page of a time in Berlin."""
    return team.at(local).ask(lambda it: it.today(person=person))


def test_a_monday_morning(team: Team) -> None:
    """The day's items, who they are asked of by name, and the command; nothing is late on the first day."""
    assert today.page(page(team, "2026-11-30T08:55")).splitlines() == [
        "Mon 30 Nov 08:55 Europe/Berlin",
        "",
        "today",
        "  09:00  Ana Ruiz             takes over on call; the shift is not accepted yet",
        "         inv ops.oncall.accept",
        "  10:00  Ops Lead (Ana Ruiz)  mon: Review last week's incidents",
        "         inv ops.hold --item mon",
        "",
        WINDOW,
        'mode      "advise"; the first cycle begins when the first item is held',
    ]


def test_what_is_overdue_comes_first(team: Team) -> None:
    """Missed turns once an item with how many there were, overdue actions, then the day."""
    said = Said(attendees=("ana",), actions=("raise the limit; ben; 2026-12-08; P1",))
    team.at("2026-11-30T10:20").hold("mon", said)
    found = page(team, "2026-12-16T09:00")
    assert [(one.when.value, one.at, one.people, one.command) for one in found.asks] == [
        ("overdue", "2 days late", ("ana",), "inv ops.hold --item mon --occurrence 2026-12-14"),
        ("overdue", "1 day late", ("ben",), "inv ops.hold --item tue --occurrence 2026-12-15"),
        ("overdue", "13 days late", ("ana",), "inv ops.hold --item drill --occurrence 2026-12-03"),
        ("overdue", "8 days late", ("ben",), "inv ops.done --action mon-2026-11-30-1"),
        ("overdue", "2 days late", ("ana",), "inv ops.review"),
        ("overdue", "late", ("ana",), "inv ops.oncall.accept"),
        ("soon", "2026-12-18", (), "inv window.show"),
    ]
    assert found.asks[0].what == "mon (overdue, and 1 before): Review last week's incidents"
    assert found.title.endswith("on call: Ana Ruiz")


def test_one_persons_page(team: Team) -> None:
    """Only what is asked of that person; nobody else's name is taken for it."""
    found = page(team, "2026-12-16T09:00", "ben")
    assert {one.people for one in found.asks} == {("ben",)}
    with pytest.raises(UsageError, match="there is no such person"):
        page(team, "2026-12-16T09:00", "bob")


def test_held_today_is_said_and_asks_nothing(team: Team) -> None:
    """The line stays, so that people see that it was done; the command goes."""
    team.at("2026-11-30T10:20").hold("mon", ANA)
    [line] = [one for one in page(team, "2026-11-30T11:00").asks if "mon" in one.what]
    assert (line.what, line.command) == ("mon (held): Review last week's incidents", "")


def test_another_instant_knows_only_what_was_recorded_by_then(team: Team) -> None:
    """Asked of this morning in the evening, the review was not held yet."""
    team.at("2026-11-30T10:20").hold("mon", ANA)
    found = team.at("2026-11-30T20:00").ask(lambda it: it.today(at=team.now - timedelta(hours=11)))
    assert found.asks[0].command == "inv ops.hold --item mon"


def test_a_runbook_that_runs_out_is_told_a_week_ahead(team: Team) -> None:
    """By whom it is kept; and it is late once the day is over."""
    folder = team.root / "docs" / "runbooks"
    folder.mkdir(parents=True)
    front = "---\nowner: ops-lead\nreviewed: 2026-06-08\n---\n# Deploy\n"
    (folder / "deploy.md").write_text(front, "utf-8")  # 180 days: until 5 December

    def told(local: str) -> list[tuple[str, str]]:
        return [(one.when.value, one.at) for one in page(team, local).asks if "deploy.md" in one.what]

    assert told("2026-11-27T09:00") == []
    assert told("2026-11-30T09:00") == [("soon", "2026-12-05")]
    assert told("2026-12-05T23:00") == [("soon", "2026-12-05")]
    assert told("2026-12-06T09:00") == [("overdue", "1 day late")]


def test_a_shift_is_asked_to_be_accepted_until_it_is(team: Team) -> None:
    """Of the one whose it is, on time for four hours, then overdue; accepted, it asks nothing more."""

    def asked(local: str) -> list[tuple[str, tuple[str, ...]]]:
        asks = page(team, local).asks
        return [(one.when.value, one.people) for one in asks if one.command == "inv ops.oncall.accept"]

    assert asked("2026-11-30T13:00") == [("today", ("ana",))]
    assert asked("2026-11-30T13:01") == [("overdue", ("ana",))]
    team.with_key()
    team.ask(handing.accept)
    assert asked("2026-11-30T13:02") == []
    assert asked("2026-12-07T08:00") == [("today", ("ben",))]


def test_a_freeze_of_the_ledger_counts_as_one_of_the_file(team: Team) -> None:
    """It is told of before it begins; while it holds, the window says so, and what only ships has no turn."""
    wish = Wish(since="2026-12-04", to="2026-12-09", reason="audit")
    team.ask(lambda it: it.freeze(wish))
    [soon] = [one for one in page(team, "2026-12-01T09:00").asks if one.when is When.SOON]
    assert (soon.at, "audit" in soon.what) == ("2026-12-04", True)
    assert "audit" in page(team, "2026-12-07T09:00").notes[0]
    frozen = team.ask(lambda it: pace.pace(it.config, it.entries(), it.clock.now())).days
    assert frozen.frozen(berlin("2026-12-09T10:00"))
    assert not frozen.frozen(berlin("2026-12-10T00:00"))


def test_without_a_cadence_it_says_what_to_write(team: Team) -> None:
    """An empty page would look like a day off."""
    team.write(MODEL[: MODEL.index("[[cadence]]")])
    assert "cadence   not set up: write a [[cadence]] for each item into relman.toml" in today.page(
        page(team, "2026-12-02T09:00")
    )


def test_machines_get_the_same_page(team: Team) -> None:
    """One object; the same lines."""
    found = page(team, "2026-12-16T09:00")
    told = json.loads(today.page_json(found))
    assert told["schema"] == "relman.today/1"
    assert [one["what"] for one in told["asks"]] == [one.what for one in found.asks]


def test_two_years_of_a_team_that_keeps_its_cadence(team: Team) -> None:
    """Over both clock changes, each day that has an item: what is held is never asked for again."""
    with closing(opening.team(team.root, time=team.clock)) as operating:
        while team.now < berlin("2028-12-01T00:00"):
            asks = operating.today().asks
            overdue = [one.what for one in asks if one.when is When.OVERDUE and "hold" in one.command]
            assert overdue == []
            for ask in asks:
                if ask.command.startswith(("inv ops.hold", "inv ops.review")) and ask.when is not When.SOON:
                    keep(team, operating, ask.command)
            team.now += timedelta(days={0: 1, 1: 2, 3: 4}[operating.day.weekday()])
        counted = Counter(entry.kind for entry in operating.entries())
    assert counted == {"cadence.held": 105 + 105 + 53, "model.reviewed": 8}


def keep(team: Team, operating: Operating, command: str) -> None:
    """Hold what is asked for; only the model's review needs a key."""
    said = Said(attendees=("ana",), by="ana")
    if command != "inv ops.review":
        holding.hold(operating, holding.prepared(operating, command.rsplit(maxsplit=1)[-1]), said)
        return
    team.with_key()
    holding.hold(operating, holding.prepared(operating, "model-review"), replace(said, unchanged=True))
    team.without_key()


def test_an_action_is_asked_for_on_its_last_day_and_not_before(team: Team) -> None:
    """It is due on its day and late on the next one."""
    said = Said(attendees=("ana",), actions=("raise the limit; ben; 2026-12-08",))
    team.at("2026-11-30T10:20").hold("mon", said)

    def asked(local: str) -> list[tuple[str, str]]:
        found = page(team, local).asks
        return [(one.when.value, one.at) for one in found if one.command.startswith("inv ops.done")]

    assert asked("2026-12-07T23:59") == []
    assert asked("2026-12-08T00:00") == [("today", "due")]
    assert asked("2026-12-09T00:00") == [("overdue", "1 day late")]
