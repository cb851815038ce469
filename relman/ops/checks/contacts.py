"""Rules about contacts: references only, and two ways to reach whoever is called. No value is ever told.

What it is not: a place that keeps a number. What a reference leads to is looked at once, and forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from relman.config.people import Contact
from relman.models import listed
from relman.ops import people
from relman.ops.checks.finding import Asked, Found

NUMBER = re.compile(
    r"(?<![\w:])\+\d(?:[ ()/.-]{0,2}\d){6,14}"  # +49 30 1234567
    r"|(?<![\w.:+-])(?!\d\d[/-]\d\d[/-]\d{4}\b)"  # 24-12-2026 is a day
    r"\(?0\d{1,4}\)?[ /-]?(?:[ /-]?\d){6,12}(?![\w.:-])"  # 030 1234567
    r"|(?<![\w.:+-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w.:-])"  # 555-123-4567
)
"""A telephone number as people write it. Dates, times, versions and addresses of machines are none."""

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
MACHINES = re.compile(r"git@|.*\.gserviceaccount\.com\Z")
"""Addresses that no person has."""

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
"""ITU-T E.164: a plus sign, the country code, fifteen digits at most."""

_SPOKEN = ("phone", "sms")
_WAYS = 2
_KEEP = "keep it in a variable or in Secret Manager, and write env:NAME or secret:NAME"


def no_reference(asked: Asked) -> Iterator[Found]:
    """A contact says where the number or address is kept, and not what it is (B36)."""
    for person, each in asked.config.people.items():
        for method, contact in each.contacts.methods.items():
            if not contact.is_reference:
                what = f"{each.name}: {method} is no reference, it may be the number or address itself"
                yield Found(what, _KEEP, _at(person, method), each.name)


def number_in_file(asked: Asked) -> Iterator[Found]:
    """No telephone number stands in the file or in a runbook, not even in a comment (B36)."""
    for file, text in asked.texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            if NUMBER.search(line) and not _said_already(asked, file, number):
                what = "a telephone number stands here"
                yield Found(what, f"take it out of the file and its history; {_KEEP}", file=file, line=number)


def address_in_file(asked: Asked) -> Iterator[Found]:
    """An e-mail address of a person stands in ``emails`` and nowhere else in relman.toml (B36)."""
    known = {email.lower() for each in asked.config.people.values() for email in each.emails}
    for number, line in enumerate(asked.config.source.text.split("\n"), 1):
        strange = [one for one in ADDRESS.findall(line) if not MACHINES.match(one)]
        if any(one.lower() not in known for one in strange) and not _said_already(asked, asked.file, number):
            yield Found("an e-mail address stands here", f"take it out; {_KEEP}", line=number)


def wrong_number(asked: Asked) -> Iterator[Found]:
    """What a reference to a number leads to is a number that can be dialled anywhere (B36)."""
    for person, method, contact in _references(asked):
        value = asked.resolve(contact) if method in _SPOKEN else None
        if value and not E164.fullmatch(value):
            what = f"{people.name(asked.config, person)}: {contact} is no number in the form of E.164"
            how = "set it to + and the country code, without blanks, at most fifteen digits"
            yield Found(what, how, _at(person, method), people.name(asked.config, person))


def unset(asked: Asked) -> Iterator[Found]:
    """What a contact refers to is set, where the alerts are sent from (B36)."""
    looked = {one: asked.resolve(one[2]) for one in _references(asked)}
    absent = [one for one, value in looked.items() if value == ""]
    how = "set them where alerts are sent from, and ask there with --strict"
    if len(absent) > 1 and not any(looked.values()):
        yield Found(f"none of the {len(absent)} contacts is set here", how, ("people",), warning=True)
        return
    for person, method, contact in absent:
        what = f"{people.name(asked.config, person)}: {contact} is not set here"
        yield Found(what, how, _at(person, method), warning=True)


def hard_to_reach(asked: Asked) -> Iterator[Found]:
    """Whoever an escalation may call can be reached by two methods (B36)."""
    for person in called(asked):
        each = asked.config.people[person]
        ways = list(each.contacts.methods)
        if len(ways) < _WAYS:
            told = f"only by {listed(ways)}" if ways else "by no method"
            what = f"{each.name} may be called, and can be reached {told}"
            how = "write contacts for two methods, such as phone and pager"
            yield Found(what, how, ("people", person, "contacts"), each.name)


def from_environment(environ: Mapping[str, str]) -> Callable[[Contact], str | None]:
    """A look into variables; what lies in Secret Manager cannot be looked up from here."""

    def resolve(contact: Contact) -> str | None:
        kind, _, name = contact.partition(":")
        return environ.get(name, "") if kind == "env" else None

    return resolve


def called(asked: Asked) -> tuple[str, ...]:
    """Whom an escalation, the rota or a severity may call: persons of the file, each once."""
    paged = (one.tell for one in asked.config.severity.levels.values() if one.via == "pager")
    steps = (step.notify for one in asked.config.escalation for step in one.steps)
    turns = (layer.participants for layer in (asked.config.oncall.layers if asked.config.oncall else ()))
    words = [word for several in (*turns, *steps, *paged) for word in several]
    found = [person for word in words for person in people.people_of(asked.config, word)]
    return tuple(person for person in dict.fromkeys(found) if person in asked.config.people)


def _references(asked: Asked) -> Iterator[tuple[str, str, Contact]]:
    for person, each in asked.config.people.items():
        for method, contact in each.contacts.methods.items():
            if contact.is_reference:
                yield person, method, contact


def _said_already(asked: Asked, file: str, line: int) -> bool:
    """Whether ``no_reference`` has told of the line."""
    if file != asked.file:
        return False
    wrong = (found.at for found in no_reference(asked))
    return any(asked.lines.get(at) == line for at in wrong)


def _at(person: str, method: str) -> tuple[str, ...]:
    return ("people", person, "contacts", method)


RULES = (no_reference, number_in_file, address_in_file, wrong_number, unset, hard_to_reach)
