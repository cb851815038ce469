"""The papers that are made from the model: OPERATING_MODEL.md, CODEOWNERS, a calendar.

What it is not: a second model. Nothing stands in them that relman.toml does not say; a change is made
there. ``values`` puts the model into words, ``rendering`` fills the templates, ``codeowners`` and
``calendar`` are what they are called, ``files`` compares and writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from relman.clock import aware
from relman.config import Config
from relman.config.documents import Documents
from relman.errors import Refused
from relman.ops.papers import calendar, codeowners, files, rendering
from relman.ops.papers.files import Paper, Standing, State

__all__ = ["Mode", "Paper", "Standing", "State", "compared", "papers", "unmade", "write_all"]

SECTION = "write [documents] into relman.toml; everything in it has a default"


class Mode(StrEnum):
    """What was done about the files: compared, written, or left because somebody edited one."""

    CHECKED = "checked"
    WRITTEN = "written"
    KEPT = "kept"


def papers(config: Config, now: datetime) -> tuple[Paper, ...]:
    """Every paper that the model has enough for, as it ought to be.

    Args:
        config: The model.
        now: The instant of which the calendar is, with an offset.

    Raises:
        Refused: There is no ``[documents]`` or no ``[model]``, or somebody has neither handle nor address.
        ConfigError: A template cannot be used.
    """
    wanted = _wanted(config)
    made = [Paper(str(wanted.model), files.markdown(rendering.model(config, wanted)))]
    if config.touchpoint:
        made.append(Paper(str(wanted.codeowners), files.comment(codeowners.text(config))))
    if calendar.has_any(config):
        today = aware(now).astimezone(config.model.tz.info if config.model else None).date()
        year = files.calendar_year(config.folder / wanted.calendar, today)
        made.append(Paper(str(wanted.calendar), files.calendar(calendar.text(config, year), year)))
    return tuple(made)


def unmade(config: Config) -> Iterator[str]:
    """The papers that the model has nothing for, and what to write."""
    if not config.touchpoint:
        yield "no CODEOWNERS: write [[touchpoint]]"
    if not calendar.has_any(config):
        yield "no calendar: write [window], [[cadence]] or [oncall]"


def compared(config: Config, now: datetime) -> tuple[Standing, ...]:
    """Every paper with how its file stands to it.

    Raises:
        Refused: As :func:`papers`.
        ConfigError: As :func:`papers`; a file is outside the repository.
    """
    return tuple(files.standing(config.folder, paper) for paper in papers(config, now))


def write_all(found: Iterable[Standing]) -> None:
    """Write every paper whose file is another; each is whole at any instant.

    Raises:
        Unreachable: One cannot be written.
    """
    for one in found:
        if one.state is not State.SAME:
            files.write(one)


def _wanted(config: Config) -> Documents:
    if config.documents is None:
        raise Refused(
            "no documents are set up", fact="there is no [documents] in relman.toml", clears=SECTION
        )
    if config.model is None:
        fact = "there is no [model] in relman.toml"
        raise Refused("there is no operating model", fact=fact, clears="write [model], with version and tz")
    return config.documents
