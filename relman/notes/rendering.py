"""Notes as Markdown, by Jinja2 templates that a team can replace, file by file.

What it is not: what the notes say (``values``). A template of the team's is trusted as its code is; what
stands in commits is not: whatever a template puts out is shown, and never read as Markdown, unless it was
made by ``link``, ``code``, ``block`` or ``markdown``.

The same notes give the same bytes: no template is told the time, the machine or the locale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from relman.errors import ConfigError
from relman.notes import markdown
from relman.notes.values import Entry, Notes

if TYPE_CHECKING:
    from types import TracebackType

    from jinja2 import Environment, Template

OURS = Path(__file__).parent / "templates"
NOTES, CHANGELOG = "notes.md", "changelog.md"


class Templates:
    """The templates of a team, and relman's for those that it has none of.

    Args:
        folder: The team's, None for relman's alone.

    Raises:
        ConfigError: A template cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Read what is always needed, so that a mistake shows before anything is done."""
        self._folders = [folder, OURS] if folder else [OURS]
        self._environment = _environment(self._folders)
        self._templates = {name: self._read(name) for name in (NOTES, CHANGELOG)}

    def notes(self, notes: Notes) -> str:
        """The whole text of a release's notes, ending with a line feed.

        Raises:
            ConfigError: The template cannot be filled.
        """
        return self._filled(NOTES, notes)

    def section(self, notes: Notes) -> str:
        """The release's section of the changelog, ending with a line feed.

        Raises:
            ConfigError: The template cannot be filled.
        """
        return self._filled(CHANGELOG, notes)

    def _filled(self, name: str, notes: Notes) -> str:
        try:
            return self._templates[name].render(notes=notes, of=_sorted(notes)).strip("\n") + "\n"
        except ConfigError:
            raise
        except Exception as error:
            raise self._wrong(error) from error

    def _read(self, name: str) -> Template:
        try:
            return self._environment.get_template(name)
        except Exception as error:
            raise self._wrong(error) from error

    def _wrong(self, error: Exception) -> ConfigError:
        """What is wrong with a template, with its file and line."""
        file, line = _place(error, self._folders)
        told = getattr(error, "message", None) or str(error)
        if isinstance(error, LookupError) and (name := getattr(error, "name", None)):
            told = f"there is no template {name}"
        fact = f"{file}:{line}: {told}" if file else str(told)
        return ConfigError(
            "a template of the release notes cannot be used",
            fact=fact,
            clears="inv release.notes, once it is mended; or without that file, relman's own is taken",
        )


def _sorted(notes: Notes) -> Callable[..., list[Entry]]:
    """The entries of some sections, in the order of the sections; newest first in each."""
    found: dict[str, list[Entry]] = {}
    for entry in notes.entries:
        found.setdefault(entry.section, []).append(entry)
    return lambda *sections: [entry for section in sections for entry in found.get(section, ())]


def _environment(folders: list[Path]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=False,  # noqa: S701 - this is no HTML; finalize shows what is no Markdown
        finalize=markdown.shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.globals = {
        "link": markdown.link,
        "code": markdown.code,
        "block": markdown.block,
        "markdown": markdown.Markdown,
        "range": range,
    }
    return made


def _place(error: Exception, folders: list[Path]) -> tuple[str, int]:
    """File and line of a template: Jinja2 puts them into the error, or into the traceback."""
    if name := getattr(error, "filename", None):
        return str(name), int(getattr(error, "lineno", 0))
    found = [place for place in _frames(error.__traceback__) if Path(place[0]).parent in folders]
    return found[-1] if found else ("", 0)


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
