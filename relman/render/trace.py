"""The page of ``ops.trace``: what people are told to do, and by which commands. Values in, text out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from relman.ops.gaps import Gap
from relman.ops.sentences import Sentence
from relman.ops.trace import Duty
from relman.render.gaps import gaps
from relman.render.pages import table

NO_DUTIES = "no duty was looked at: there is no relman.toml here, or it has no operating model"


def trace(
    duties: Sequence[Duty], sentences: Mapping[str, Sentence], found: Sequence[Gap], *, every: bool = False
) -> str:
    """For people.

    Args:
        duties: Those of the team's model.
        sentences: Those of the seeds.
        found: What does not resolve.
        every: List each sentence too.
    """
    rows = [[duty.kind, duty.name, duty.who, _typed(duty.commands)] for duty in duties]
    parts = [table(rows, ["duty", "", "whose", "by"])] if rows else []
    if every:
        told = [[name, one.says, ", ".join(one.carriers)] for name, one in sentences.items()]
        parts.append(table(told, ["id", "sentence", "carried by"]))
    parts.append(_summed(sentences))
    clean = "every duty and every sentence resolves" if duties else f"{NO_DUTIES}; every sentence resolves"
    parts.append(gaps(found, "the trace") if found else clean)
    return "\n\n".join(parts)


def trace_json(duties: Sequence[Duty], sentences: Mapping[str, Sentence], found: Sequence[Gap]) -> str:
    """For machines: one object."""
    told = {
        "schema": "relman.trace/1",
        "duties": msgspec.to_builtins(duties),
        "sentences": msgspec.to_builtins(dict(sentences)),
        "findings": msgspec.to_builtins(found),
    }
    return json.dumps(told)


def _typed(commands: Sequence[str]) -> str:
    return ", ".join(f"inv {command}" for command in commands) or "-"


def _summed(sentences: Mapping[str, Sentence]) -> str:
    later = [name for name, one in sentences.items() if one.later]
    whole = [name for name in later if not sentences[name].commands and not sentences[name].tests]
    carried = len(sentences) - len(later)
    partly = len(later) - len(whole)
    return f"{len(sentences)} sentences: {carried} carried, {partly} in part, {len(whole)} later"
