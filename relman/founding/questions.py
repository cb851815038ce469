"""The questions of ``inv init``: each with its default, and with what is wrong about an answer.

What it is not: a terminal. Whoever calls hands in how to ask; without that the defaults are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

from relman.config.schedule import Window
from relman.config.words import Day, LocalTime, Profile, Project, Region, ServiceName, Zone
from relman.errors import UsageError
from relman.founding import people

Ask = Callable[[str, str], str]
"""Asks one question, given its words and its default; empty takes the default."""

Answers = dict[str, Any]

EVERY_DAY = "any"
"""No window: you ship on any day."""

DAYS = {"mon": "monday", "tue": "tuesday", "wed": "wednesday", "thu": "thursday", "fri": "friday"}
DAYS |= {"sat": "saturday", "sun": "sunday"}

HERE = "here"
"""No project: the embedded platform on this machine."""


class Known(NamedTuple):
    """What the surroundings tell, for defaults.

    Attributes:
        folder: The folder's name.
        project: The Google Cloud project, where one is set up.
        zone: The machine's zone.
        people: Those whom git knows, as a line of names and addresses.
    """

    folder: str
    project: str = ""
    zone: str = "UTC"
    people: str = ""


class Question(NamedTuple):
    """One question.

    Attributes:
        key: What the answer is called, as a flag and in the template.
        words: The question itself.
        default: What is taken where nothing is said, by what is known and was answered before.
        read: An answer as a value; raises ValueError with what is wrong.
        when: Who is asked: everybody, a "team", or whoever ships in certain "hours" only. The default
            holds for the others, where they need an answer at all.
    """

    key: str
    words: str
    default: Callable[[Known, Answers], str]
    read: Callable[[str, Answers], object]
    when: Literal["", "team", "hours"] = ""


def answered(known: Known, given: Mapping[str, str], ask: Ask | None = None) -> Answers:
    """An answer to every question.

    Args:
        known: For defaults.
        given: What was said already, by key.
        ask: Asks a person; None takes the defaults.

    Raises:
        UsageError: What was said already, or a default, is no answer.
    """
    answers: Answers = {}
    for question in QUESTIONS:
        if question.when == "team" and answers["profile"] != "team":
            continue
        said, default = given.get(question.key, ""), question.default(known, answers)
        idle = question.when == "hours" and not answers["days"]
        if said or idle or ask is None:
            answers[question.key] = _read(question, said or default, answers)
        else:
            answers[question.key] = _until_read(question, default, answers, ask)
    return answers


def _read(question: Question, text: str, answers: Answers) -> object:
    try:
        return question.read(text, answers)
    except ValueError as error:
        clears = 'inv init, which asks; or say --person "Name <e-mail>" for each' if question.when else ""
        raise UsageError(f"no answer to: {question.words}", fact=str(error), clears=clears) from None


def _until_read(question: Question, default: str, answers: Answers, ask: Ask) -> object:
    wrong = ""
    while True:
        said = ask(f"{wrong}{question.words}", default).strip() or default
        try:
            return question.read(said, answers)
        except ValueError as error:
            wrong = f"  {error}\n"


def _service(known: Known, _answers: Answers) -> str:
    name = "".join(char if char.isascii() and char.isalnum() else "-" for char in known.folder.lower())
    name = name.strip("-0123456789")[:39].strip("-")
    return name if ServiceName.fits(name) else "api"


def _days(text: str, answers: Answers) -> tuple[Day, ...]:
    if text.strip().lower() == EVERY_DAY and answers["profile"] == "solo":
        return ()
    words = text.lower().replace(",", " ").split()
    days = tuple(day for word in words for day in Day.values if word in {day, DAYS[day]})
    if not days or len(days) != len(words):
        raise ValueError(f"expected days, each by its name, such as 'tue, wed', got {text.strip()!r}")
    return tuple(Day(day) for day in dict.fromkeys(days))


def _hours(text: str, answers: Answers) -> tuple[str, str]:
    start, _, end = (part.strip() for part in text.partition("-"))
    Window(days=answers["days"] or (Day("mon"),), start=LocalTime(start), end=LocalTime(end))
    return start, end


def _project(text: str, _answers: Answers) -> str:
    return "" if text.strip().lower() == HERE else Project(text)


def _questions() -> Iterator[Question]:
    """In the order in which they are asked; about a dozen for a team."""
    yield Question("profile", "Do you work alone or as a team (solo, team)?", _always("solo"), _word(Profile))
    yield Question("service", "What is the Cloud Run service called?", _service, _word(ServiceName))
    where = f"In which Google Cloud project ({HERE}: try it on this machine)?"
    yield Question("project", where, lambda known, _: known.project or HERE, _project)
    yield Question("region", "In which region?", _always("europe-west1"), _word(Region))
    yield Question("days", f"On which days do you ship ({EVERY_DAY}, or mon … sun)?", _shipping, _days)
    yield Question("hours", "From when to when, on these days?", _always("10:00-16:00"), _hours, "hours")
    yield Question("zone", "In which time zone?", lambda known, _: known.zone, _word(Zone), "hours")
    everybody = "Who works here (Name <e-mail>, Name <e-mail>, …)?"
    yield Question("people", everybody, lambda known, _: known.people, _newcomers, "team")
    for seat in people.SEATS:
        words = f"{seat.called}, for {', '.join(seat.owns)}: who holds it, who stands in?"
        yield Question(seat.id, words, partial(_proposed, seat), _held, "team")
    turns = "Who takes turns on call, a week each, in this order?"
    yield Question("on_call", turns, _turns, _chosen, "team")


def _always(default: str) -> Callable[[Known, Answers], str]:
    return lambda _known, _answers: default


def _word(kind: Callable[[str], object]) -> Callable[[str, Answers], object]:
    return lambda text, _answers: kind(text)


def _shipping(_known: Known, answers: Answers) -> str:
    return "wed" if answers["profile"] == "team" else EVERY_DAY


def _proposed(seat: people.Seat, _known: Known, answers: Answers) -> str:
    return people.proposed(seat, answers["people"])


def _newcomers(text: str, _answers: Answers) -> tuple[people.Newcomer, ...]:
    return people.newcomers(text)


def _held(text: str, answers: Answers) -> tuple[str, str]:
    return people.held(text, answers["people"])


def _turns(_known: Known, answers: Answers) -> str:
    return ", ".join(one.id for one in answers["people"])


def _chosen(text: str, answers: Answers) -> tuple[str, ...]:
    return people.chosen(text, answers["people"])


QUESTIONS = tuple(_questions())
