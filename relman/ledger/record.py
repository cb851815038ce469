"""One run, as its driver writes it and as its steps look back on it.

What it is not: another store. It remembers what it has read, and appends through the fence, so
a driver that has lost its authority can write nothing more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relman.errors import Fenced
from relman.ledger import chain
from relman.ledger.entries import Draft, Entry, Fence, Run, Store

CONSUMED = "checklist.consumed"
"""The kind of the entry by which a run uses a signed request, for no other run to use."""


class RunRecord:
    """What is recorded of a run.

    Args:
        store: Where it lies.
        run: The run, with the epoch of the driver that holds this record.
    """

    def __init__(self, store: Store, run: Run) -> None:
        """Read what was recorded so far."""
        self.store, self.run = store, run
        self._entries: list[Entry] = list(store.entries(run=run.id))

    def intended(self, step: str) -> datetime | None:
        """When the step was first meant to act, None if never: a bake starts here."""
        return next((entry.at for entry in self._of(step) if entry.kind == "step.intent"), None)

    def anchor(self, step: str) -> tuple[int, bytes]:
        """Size and root of the whole ledger up to and with the step's first intent.

        What was recorded later makes no difference, so a resume finds the same.
        """
        last = next((one.seq for one in self._of(step) if one.kind == "step.intent"), -1)
        return chain.rooted(bytes.fromhex(one.hash) for one in self.store.entries() if one.seq <= last)

    def sent(self, step: str) -> datetime | None:
        """When the step last may have acted: its intent, or a later driver's further try."""
        found = [entry.at for entry in self._of(step) if entry.kind in {"step.intent", "step.again"}]
        return found[-1] if found else None

    def value(self, step: str) -> dict[str, Any] | None:
        """What came of the step, None while it is not done."""
        found = [entry.detail["value"] for entry in self._of(step) if entry.kind == "step.done"]
        return found[-1] if found else None

    def reason(self, step: str) -> str | None:
        """Why the step failed, None if it did not."""
        found = [entry.detail["reason"] for entry in self._of(step) if entry.kind == "step.failed"]
        return found[-1] if found else None

    @property
    def request(self) -> str:
        """SHA-256 of the signed request that the run uses, in hex; empty for none."""
        found = self.wish(CONSUMED)
        return str(found.detail["request"]) if found else ""

    def wish(self, kind: str) -> Entry | None:
        """The first entry of a kind, such as a signal that somebody left for the driver; None for none."""
        return next((entry for entry in self._entries if entry.kind == kind), None)

    def refresh(self) -> None:
        """Take in what others appended, and find out whether the run is still ours.

        Raises:
            Fenced: It is closed, or another driver has taken it over.
        """
        last = self._entries[-1].seq if self._entries else -1
        self._entries += self.store.entries(run=self.run.id, after=last)
        now = next(run for run in self.store.runs(self.run.key) if run.id == self.run.id)
        if (now.state, now.epoch) != ("open", self.run.epoch):
            over = now.state == "superseded"
            raise Fenced(
                "this run is over: a rollback has taken over" if over else "somebody else has taken over",
                fact=f"run {now.id} is {now.state}"
                + ("" if over else f", epoch {now.epoch}, not {self.run.epoch}"),
                clears="inv release.status",
            )

    def write(self, kind: str, *, step: str = "", **detail: Any) -> None:  # noqa: ANN401 - JSON
        """Append one entry of this run."""
        self.write_all(self.draft(kind, step=step, **detail))

    def draft(self, kind: str, *, step: str = "", **detail: Any) -> Draft:  # noqa: ANN401 - JSON
        """An entry of this run, not appended yet."""
        return Draft(kind, self.run.key, self.run.environment, self.run.id, step, detail=detail)

    def write_all(self, *drafts: Draft) -> None:
        """Append several entries in one transaction."""
        self._entries += self.store.append(drafts, Fence(self.run.id, self.run.epoch))

    def _of(self, step: str) -> list[Entry]:
        return [entry for entry in self._entries if entry.step == step]
