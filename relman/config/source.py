"""The file that a configuration came from, for errors that name the line.

What it is not: the configuration. It knows text and lines only.
"""

from __future__ import annotations

import pathlib
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct

from relman.config import lines
from relman.errors import ConfigError

NAME = "relman.toml"

_MINIMAL = f"""inv init, which asks and writes it; or write at least this into {NAME}:
    [service.NAME]
    project = "PROJECT"
    region = "europe-west1\""""


class Problem(NamedTuple):
    """One thing that is wrong, and the path of the key that it stands at."""

    at: lines.Path
    what: str


class Source(Struct, frozen=True):
    """A relman.toml as it was read.

    Attributes:
        path: The file; absolute.
        text: What stood in it.
    """

    path: pathlib.Path
    text: str

    @classmethod
    def read(cls, path: pathlib.Path) -> Source:
        """The file's text.

        Raises:
            ConfigError: There is no such file, or it is no text.
        """
        try:
            return cls(path.absolute(), path.read_text("utf-8-sig"))  # editors on Windows write a BOM
        except FileNotFoundError:
            raise missing(path) from None
        except OSError as error:
            raise ConfigError(f"{path.name} cannot be read", fact=f"{path}: {error.strerror}") from None
        except UnicodeDecodeError as error:
            fact = f"{path}: byte {error.start} is no UTF-8"
            raise ConfigError(f"{path.name} cannot be read", fact=fact) from None

    def exact(self) -> str:
        """The file as it is now, with the ends of its lines and whatever stands before its first.

        Raises:
            ConfigError: It is not there any more, or it is no text.
        """
        try:
            return self.path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path.name} cannot be read", fact=f"{self.path}: {error}") from None

    def replace(self, text: str) -> None:
        """Write another text into the file, all of it or nothing.

        Raises:
            ConfigError: It cannot be written.
        """
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            beside.write_bytes(text.encode("utf-8"))
            beside.chmod(self.path.stat().st_mode & 0o7777)
            beside.replace(self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ConfigError(f"{self.path.name} cannot be written", fact=f"{self.path}: {error}") from None

    def document(self) -> dict[str, Any]:
        """The text as TOML.

        Raises:
            ConfigError: It is no TOML; the message has line and column.
        """
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{self.path.name} is not valid TOML", fact=f"{self.path}: {error}") from None
        except RecursionError:
            fact = f"{self.path}: too many brackets within each other"
            raise ConfigError(f"{self.path.name} is not valid TOML", fact=fact) from None

    def error(self, problems: Iterable[Problem]) -> ConfigError:
        """All the problems as one error, a line each, in the order of the file."""
        problems, index = list(problems), lines.index(self.text)
        clears = _MINIMAL if any(problem.at == ("service",) for problem in problems) else ""
        placed = sorted((lines.nearest(index, problem.at), said(problem)) for problem in problems)
        if len(placed) == 1:
            return ConfigError(f"{self.path.name}:{placed[0][0]}", fact=placed[0][1], clears=clears)
        facts = "".join(f"\n  {self.path.name}:{line}: {text}" for line, text in placed)
        return ConfigError(
            f"{self.path.name} cannot be used", fact=f"{len(placed)} mistakes{facts}", clears=clears
        )


def missing(path: pathlib.Path) -> ConfigError:
    """The error for a file that is not there: it says what to write."""
    return ConfigError(f"there is no {path.name}", fact=f"looked for {path.absolute()}", clears=_MINIMAL)


def said(problem: Problem) -> str:
    """``service.api.phases[0]: expected …``; of the file as a whole, only what is wrong."""
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem.at)
    return f"{where.removeprefix('.')}: {problem.what}" if where else problem.what
