"""The agenda pack of a meeting: what the ledger, the rota and the model have to say, topic by topic.

What it is not: typed, and not complete where the data comes later: such a topic says that it is not set up,
and with what it comes. Each topic is a pure function of what is known at one instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from relman.config import Sections
from relman.config.cadence import CadenceItem, Topic
from relman.config.rota import Replacement
from relman.ledger import Entry, story
from relman.models import PERCENT, TEAM
from relman.ops import held, hours, load, people, review, turns, words
from relman.ops.cadence import Adherence
from relman.ops.pace import Pace
from relman.ops.spans import Span

LATER = {
    "incidents": "comes with the incidents of P1 to P4",
    "slo": "comes with service level objectives",
    "budget": "comes with service level objectives",
    "performance": "comes with service level objectives",
    "tickets": "comes with the tracker (Jira, Linear or a file)",
    "kpis": "comes with key figures and their sources",
    "drills": "comes with inv drill tasks",
    "waivers": "comes with the signed go/no-go, whose items may be waived",
}
"""Topics without data in this version, and what brings it."""

REVIEW_TOPICS = tuple(Topic(one) for one in ("adherence", "gates", "overrides", "gaps", "waivers", "actions"))
"""What the review of the model looks at."""

_MOVES = {
    "release.shipped": "shipped",
    "release.adopted": "adopted",
    "release.rolled_back": "rolled back",
    "release.put_back": "put back",
}
_NOTHING, _WEEK = "nothing", timedelta(weeks=1)


@dataclass(frozen=True)
class Known:
    """What is known at one instant.

    Attributes:
        since: The last time that this meeting was held; what happened from then on is told.
        on_call: Who is on call, or was, at an instant; empty for nobody.
        replacements: Who stands in for whom on call, as the ledger has it.
        gaps: What the model leaves open, in words; None: nobody has looked.
    """

    config: Sections
    entries: tuple[Entry, ...]
    pace: Pace
    since: datetime
    on_call: Callable[[datetime], str]
    replacements: tuple[Replacement, ...] = ()
    gaps: Callable[[], Sequence[str]] | None = None

    @property
    def recent(self) -> Iterator[Entry]:
        """The entries since the last time."""
        return (one for one in self.entries if self.since <= one.at <= self.pace.now)

    def day(self, moment: datetime) -> str:
        """``Wed 2 Dec 14:31``, in the model's zone."""
        return words.moment(moment, self.pace.days.zone, after=self.pace.now)


class Section(Struct, frozen=True):
    """One topic of a pack.

    Attributes:
        topic: Its word in relman.toml.
        title: Its heading.
        lines: What there is to say.
        set_up: Whether there is data for it in this version.
    """

    topic: str
    title: str
    lines: tuple[str, ...]
    set_up: bool = True


class AgendaPack(Struct, frozen=True):
    """What a meeting has before it.

    Attributes:
        item: The cadence item.
        heading: What it is about, and when.
        facts: Whose it is, who is expected, since when it tells.
    """

    item: str
    heading: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]


def sections(topics: Sequence[Topic], known: Known) -> tuple[Section, ...]:
    """Each topic's section, in order."""
    return tuple(_section(topic, known) for topic in topics)


def _section(topic: str, known: Known) -> Section:
    topic = str(topic)
    title = topic.capitalize() if topic not in {"slo", "kpis"} else topic.upper().replace("KPIS", "KPIs")
    if topic in LATER:
        return Section(topic, title, (f"not set up: {LATER[topic]}",), set_up=False)
    lines = tuple(_TOPICS[topic](known))
    return Section(topic, title, lines or (_NOTHING,))


def _releases(known: Known) -> Iterator[str]:
    """What was shipped, adopted, rolled back or put back since the last time."""
    for one in known.recent:
        if one.kind in _MOVES and one.detail:
            what = _release(one.detail)
            yield f"{known.day(one.at)}  {one.key.service} {what} {_MOVES[one.kind]} ({one.environment})"


def _release(detail: Mapping[str, Any]) -> str:
    if "release" in detail:
        return str(detail["release"]["version"] or detail["release"]["revision"])
    return f"{detail.get('leaves') or '(split)'} -> {detail.get('to', '')}"


def _gates(known: Known) -> Iterator[str]:
    """Cuts that were refused, and what gates warned of or said no to."""
    for one in known.recent:
        if one.step != "gates" or one.kind not in {"step.done", "step.failed"}:
            continue
        told = one.detail if one.kind == "step.failed" else one.detail.get("value", {})
        fired = [each for each in told.get("verdicts", ()) if each["answer"] not in {"go", "not set up"}]
        refused = "refused" if one.kind == "step.failed" else "passed"
        yield from (
            f"{known.day(one.at)}  {one.key.service}: {each['gate']} says {each['answer']}: {each['fact']}"
            f" (the cut was {refused})"
            for each in fired
        )


def _overrides(known: Known) -> Iterator[str]:
    for one in known.recent:
        if one.kind == "override.granted" and one.detail:
            told = one.detail
            why = f"{told.get('reason', '')} ({told.get('incident') or 'no incident'})"
            emergency = "emergency, " if told.get("emergency") else ""
            yield f"{known.day(one.at)}  {one.key.service}: {emergency}{told.get('gate')} lifted: {why}"


def _owed(known: Known) -> Iterator[str]:
    """Runs that are open, and what is owed from runs that are over."""
    for one in open_runs(known.entries):
        what = f"{one.key.service}: a {one.detail['kind']} is open"
        yield f"{what} since {known.day(one.at)}    inv release.resume"
    for key in sorted({one.key for one in known.entries}):
        owed = story.owed(one for one in known.entries if one.key == key)
        yield from (f"{key.service}: {debt.line} ({debt.reason})    inv release.resume" for debt in owed)


def open_runs(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries that opened the runs that are open still."""
    closed = {one.run for one in entries if one.kind == "run.closed"}
    return tuple(one for one in entries if one.kind == "run.opened" and one.run not in closed)


def _on_call(known: Known) -> Iterator[str]:
    """How the past seven days fell, and who has the next seven."""
    rota, now = known.config.oncall, known.pace.now
    if rota is None:
        yield "not set up: write [oncall] into relman.toml"
        return
    for one in load.load(rota, Span(now - _WEEK, now), known.replacements).people:
        if one.hours:
            told = f"{people.name(known.config, one.person)}  {one.hours:.1f} h in the past week"
            yield f"{told}, {one.nights:.1f} at night, {one.weekends:.1f} on the weekend"
    for turn in turns.turns(rota, Span(now, now + _WEEK), known.replacements):
        whose = people.name(known.config, turn.person) if turn.person else "NOBODY"
        yield f"next: {known.day(max(turn.start, now))}  {whose}"


def _actions(known: Known) -> Iterator[str]:
    """What is to be done, what is overdue in front."""
    found = [one for one in held.actions(known.entries) if one.done is None]
    today = known.pace.today
    for one in sorted(found, key=lambda each: not each.overdue(today)):
        yield action_line(one, today, known.config)


def action_line(one: held.Open, today: date, config: Sections) -> str:
    """``mon-2026-11-30-1  P1 raise the pool limit: Ana Ruiz, due 2026-12-09, 3 days OVERDUE``."""
    late = f", {_days((today - one.action.due).days)} OVERDUE" if one.overdue(today) else ""
    graded = f"{one.action.severity} " if one.action.severity else ""
    whose = people.told(config, one.action.owner)
    return f"{one.action.id}  {graded}{one.action.text}: {whose}, due {one.action.due}{late}"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _decisions(known: Known) -> Iterator[str]:
    for one in held.meetings(known.recent):
        told = f"{known.day(one.at)}  {one.record.item}"
        yield from (f"{told}: {decision}" for decision in one.record.decisions)


def _adherence(known: Known) -> Iterator[str]:
    yield from (adherence_line(one.adherence) for one in known.pace.items)


def adherence_line(one: Adherence) -> str:
    """``mon  held 3 of 4 in time (75 %), 1 late, 0 missed``."""
    if one.share is None:
        return f"{one.item}  no turn is over yet"
    told = f"{one.item}  held {one.held} of {one.turns} in time ({one.share * PERCENT:.0f} %)"
    return f"{told}, {one.late} late, {one.missed} missed"


def _plan(known: Known) -> Iterator[str]:
    """The next window, and what is prepared for it."""
    yield f"window: {window(known.config, known.entries, known.pace) or 'not set up: write [window]'}"
    keys = sorted({(one.key, one.environment) for one in known.entries if one.kind == "release.prepared"})
    for key, environment in keys:
        found = story.candidate([one for one in known.entries if one.key == key], environment)
        if found:
            came = f"{found.prior} -> " if found.prior else ""
            yield f"{key.service}: {came}{found.version} ({found.commit[:7]}) is prepared    inv release.plan"
    if not keys:
        yield "nothing is prepared    inv release.prepare"


def window(config: Sections, entries: Sequence[Entry], found: Pace) -> str:
    """Whether shipping is allowed, by the file and by the ledger's freezes; empty where nothing is set up."""
    told = [one for one in entries if one.key == TEAM]
    allowed = hours.of(config.window, told, zone=found.days.zone)
    return allowed.explain(found.now) if allowed.set_up or allowed.frozen(found.now) else ""


def _migrations(_known: Known) -> Iterator[str]:
    yield "of the commit checked out: see Migrations in inv release.notes"


def _gaps(known: Known) -> Iterator[str]:
    if known.gaps is not None:
        yield from known.gaps()


def reviewed(known: Known) -> tuple[str, ...]:
    """The model's version and how it compares with the one before."""
    old, new = review.before(known.entries), review.model(known.config)
    same = old is not None and old.sha256 == new.sha256
    then = (
        "nothing was held under another one"
        if old is None
        else "unchanged"
        if same
        else f"it was {old.version}"
    )
    return (f"model {new.version or '(without a version)'}, {then}",)


_TOPICS: dict[str, Callable[[Known], Iterator[str]]] = {
    "releases": _releases,
    "gates": _gates,
    "overrides": _overrides,
    "owed": _owed,
    "on-call": _on_call,
    "actions": _actions,
    "decisions": _decisions,
    "adherence": _adherence,
    "plan": _plan,
    "migrations": _migrations,
    "gaps": _gaps,
}
"""Topics with data."""


def expected(item: CadenceItem, known: Known) -> str:
    """Who sees to an item and who else comes, with the people behind the roles."""

    def on_call() -> str:
        return known.on_call(known.pace.now)

    words = [item.owner, *item.attend]
    return ", ".join(people.told(known.config, word, on_call) for word in words)
