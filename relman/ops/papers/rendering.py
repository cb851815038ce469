"""OPERATING_MODEL.md, by Jinja2 templates that a team can replace, file by file.

What it is not: what it says (``values``). A template of the team's is trusted as its code is; what stands in
the model is shown, and never read as Markdown. The same model gives the same bytes: no template is told the
time, the machine or the locale.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from relman.config import Config
from relman.config.documents import Documents
from relman.errors import ConfigError
from relman.ops.papers import values

if TYPE_CHECKING:
    from jinja2 import Environment

OURS: Final = Path(__file__).parent / "templates"
WHOLE: Final = "operating-model.md.jinja"
_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|#])")
_HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""What drives a terminal, or turns the order of what is read."""


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def model(config: Config, papers: Documents) -> str:
    """The document, ending with a line feed.

    Raises:
        ConfigError: A template cannot be used.
    """
    folders = [_theirs(config.folder / papers.templates), OURS] if papers.templates else [OURS]
    try:
        text = _environment(folders).get_template(WHOLE).render(model=values.model(config, papers))
    except Exception as error:
        raise _wrong(error) from error
    return re.sub(r"\n{3,}", "\n\n", text.strip("\n")) + "\n"


def shown(value: object) -> str:
    """A value as Markdown that shows it, on one line."""
    if isinstance(value, Markdown):
        return value
    return _ACTIVE.sub(r"\\\1", _line(value))


def code(value: object) -> Markdown:
    """A value as code; nothing stays nothing."""
    text = _line(value).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest else ""
    return Markdown(f"{fence}{padding}{text}{padding}{fence}" if text else "")


def _theirs(folder: Path) -> Path:
    """A folder of the team's own; a name that leads nowhere would pass for relman's templates."""
    if not folder.is_dir():
        raise ConfigError("there is no such folder of templates", fact=str(folder), clears=f"mkdir {folder}")
    return folder


def _line(value: object) -> str:
    return " ".join(_HIDDEN.sub(" ", str(value)).split())


def _environment(folders: list[Path]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=False,  # noqa: S701 - this is no HTML; finalize shows what is no Markdown
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.globals = {"code": code, "markdown": Markdown}
    return made


def _wrong(error: Exception) -> ConfigError:
    file, line = getattr(error, "filename", None), getattr(error, "lineno", None)
    told = getattr(error, "message", None) or str(error)
    fact = f"{file}:{line}: {told}" if file else told
    return ConfigError(
        "a template of the operating model cannot be used",
        fact=fact,
        clears="inv ops.documents, once it is mended; or without that file, relman's own is taken",
    )
