"""What an event says: its facts, read by the contract and made safe for a terminal.

What it is not: layout. Columns, glyphs and colours belong to the renderers.
"""

from __future__ import annotations

import msgspec

from relman.models import Answer, Event
from relman.render.pages import Share, lasted, printable


class Planned(msgspec.Struct, frozen=True):
    """A step of the plan, and the seconds it is expected to take where that is known."""

    key: str
    line: str
    seconds: float | None = None


def said(event: Event, name: str) -> str:
    """A fact in words, empty where the event has none."""
    return printable(str(event.facts.get(name) or ""))


def said_each(event: Event, name: str) -> tuple[str, ...]:
    """A fact that lists words."""
    return tuple(printable(str(word)) for word in event.facts.get(name) or ())


def shares_of(event: Event) -> tuple[Share, ...]:
    """A traffic event's shares: the label, or the revision where there is none, and the percent."""
    return tuple(
        (printable(str(share.get("label") or share.get("revision", ""))), int(share.get("percent", 0)))
        for share in event.facts.get("shares") or ()
    )


def steps_of(event: Event) -> tuple[Planned, ...]:
    """A plan event's steps."""
    return tuple(
        Planned(str(step["key"]), printable(str(step["line"])), step.get("seconds"))
        for step in event.facts.get("steps") or ()
    )


def title(event: Event) -> str:
    """A plan event's title, with the id that ``--plan`` takes."""
    number = said(event, "id")
    return printable(event.text) + (f"   plan {number}" if number else "")


def answered(event: Event) -> str:
    """A gate event's answer in one word; what was lifted is no refusal, and no go either."""
    return "lifted" if event.facts.get("lifted") else said(event, "answer")


def verdict(event: Event) -> str:
    """A gate event's fact, and what lifted it; a gate that is not set up says so in front."""
    unset = "not set up" if event.facts.get("answer") == Answer.NOT_SET_UP else ""
    fact = ": ".join(filter(None, (unset, said(event, "fact"))))
    return "; ".join(filter(None, (fact, said(event, "lifted"))))


def summary(event: Event) -> str:
    """A done event's text, with how long it took."""
    took = "" if event.seconds is None else f" after {lasted(event.seconds)}"
    return printable(event.text) + took


def blame(event: Event) -> str:
    """A failed event's text and the fact behind it."""
    return ": ".join(filter(None, (printable(event.text), said(event, "fact"))))


def aftermath(event: Event) -> tuple[str, ...]:
    """What serves after a failure, and the exit code."""
    code = f"exit {event.facts['code']}" if "code" in event.facts else ""
    return tuple(filter(None, (said(event, "served"), code)))
