"""Everything that says whether a candidate may ship at an instant, as one value.

What it is not: the asking (``asking``), or a page (``render``). Tasks, CI and whoever else shows
the answer are handed this, and its JSON form.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from relman.errors import Refused
from relman.gates.question import Question
from relman.gates.telling import Told, summed
from relman.models import ServiceKey, listed
from relman.ops import sentences


class Why(Struct, frozen=True):
    """May a candidate ship, and why?

    Attributes:
        key: The service.
        environment: Its environment.
        version: The candidate's; empty where nothing is prepared.
        commit: The candidate's; empty likewise.
        revision: The candidate's; empty likewise.
        at: The instant that is judged, in UTC.
        now: The instant at which the gates were asked, in UTC.
        zone: The IANA zone in which people read times: the model's, else the window's, else UTC.
        profile: Whose gates are asked.
        mode: Whether gates that somebody may lift refuse, or advise.
        run: The rollout that was under way at that instant; empty for none.
        notes: What else a reader must know.
        gates: Every gate, in order.
        sentences: What the sentences say that the gates come from, by their ids.
    """

    key: ServiceKey
    environment: str
    version: str
    commit: str
    revision: str
    at: datetime
    now: datetime
    zone: str
    profile: str
    mode: str
    run: str
    notes: tuple[str, ...]
    gates: tuple[Told, ...]
    sentences: dict[str, str]

    @classmethod
    def of(
        cls, question: Question, found: tuple[Told, ...], *, environment: str, now: datetime, run: str
    ) -> Why:
        """The answer to a question.

        Args:
            question: What was asked.
            found: What each gate says.
            environment: The environment's name.
            now: When they were asked.
            run: The rollout that was under way.
        """
        candidate, config, said = question.proposed, question.config, sentences.table()
        zone = (config.model and config.model.tz) or (config.window and config.window.tz) or "UTC"
        return cls(
            key=question.key,
            environment=environment,
            version=candidate.version if candidate else "",
            commit=candidate.commit if candidate else "",
            revision=candidate.revision if candidate else "",
            at=question.now.astimezone(UTC),
            now=now.astimezone(UTC),
            zone=str(zone),
            profile=str(config.profile),
            mode=str(config.mode),
            run=run,
            notes=_notes(question, now, run),
            gates=found,
            sentences={one: said[one].says for gate in found for one in gate.source if one in said},
        )

    @property
    def refusing(self) -> tuple[Told, ...]:
        """The gates that do not let it pass."""
        return tuple(one for one in self.gates if not one.passes)

    @property
    def passes(self) -> bool:
        """Whether it may ship. No gate at all is no-go."""
        return bool(self.gates) and not self.refusing

    @property
    def verdict(self) -> str:
        """The answer in one line."""
        if self.passes:
            return f"GO: {summed(self.gates)}"
        return f"NO-GO by {listed(one.gate for one in self.refusing) if self.gates else 'no gate at all'}"

    @property
    def code(self) -> int:
        """The exit code: 0 for go, that of a refusal for no-go."""
        return 0 if self.passes else Refused.code


def _notes(question: Question, now: datetime, run: str) -> tuple[str, ...]:
    """What limits the answer."""
    notes = []
    if run:
        notes.append(f"rollout {run} was under way; it asks its gates once, before it changes anything")
    if question.at is not None and question.at < now:
        notes.append("relman.toml is read as it is now, the ledger as it was then")
    if question.config.mode == "advise":
        notes.append('mode = "advise": what somebody may lift refuses nothing yet')
    return tuple(notes)
