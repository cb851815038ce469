"""A smoke file becomes a suite, or an error that names file, line and what may have been meant.

What it is not: what the file may say; that is ``suite``.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from relman.config import lines, words
from relman.config.near import did_you_mean
from relman.errors import ConfigError
from relman.smoke import suite
from relman.smoke.suite import Check, Expect, Status, Suite

SHAPES: dict[str, type[msgspec.Struct]] = {
    "$": Suite,
    "service": suite.Service,
    "warmup": suite.Warmup,
    "check": Check,
    "expect": Expect,
    "body": suite.Body,
    "latency": suite.Latency,
    "retry": suite.Retry,
}
"""Which struct stands at a path that ends with this name."""


def default_suite() -> Suite:
    """The checks of a service that has no smoke file: ``/`` answers, and not with a server error.

    It is weak on purpose: a service may well answer 404 at ``/``.
    """
    below = Expect(status=Status("below 500"))
    check = Check(name=words.Text("/ answers"), get=suite.Path("/"), expect=below, retry=suite.Retry())
    return Suite(check=(check,))


def load(path: Path) -> Suite:
    """Read a smoke file.

    Raises:
        ConfigError: There is no such file, it is no TOML, holds no check, or says something that is
            not in the reference; with file and line.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
        read = msgspec.convert(document, Suite, dec_hook=words.read)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, error) from error
    except msgspec.ValidationError as error:
        raise _refused(path, lines.index(text), str(error)) from error
    if not read.check:
        raise ConfigError("a smoke file without a [[check]] checks nothing", fact=str(path))
    return read


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # editors on Windows write a BOM
    except OSError as error:
        raise ConfigError("cannot read the smoke file", fact=f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("the smoke file is not UTF-8", fact=f"{path}: byte {error.start}") from error


def _broken(path: Path, error: tomllib.TOMLDecodeError) -> ConfigError:
    found = re.search(r"\(at line (\d+)", str(error))
    place = f"{path}:{found[1]}" if found else f"{path}, at its end"
    return ConfigError("the smoke file is no TOML", fact=f"{place}: {str(error).partition(' (at ')[0]}")


def _refused(path: Path, places: dict[lines.Path, int], message: str) -> ConfigError:
    """Turn msgspec's ``… - at `$.check[0].expect``` into file, line and a hint."""
    said, _, where = message.partition(" - at `")
    steps = _steps(where.rstrip("`"))
    unknown = re.search(r"unknown field `(.*)`", said)
    if not unknown:
        return _error(path, lines.nearest(places, steps), steps, said)
    known = SHAPES.get(_last(steps), Suite).__struct_fields__
    hint = did_you_mean(unknown[1], known)
    line = lines.nearest(places, (*steps, unknown[1]))
    return _error(path, line, steps, f"unknown key {unknown[1]!r}{hint}")


def _error(path: Path, line: int, steps: lines.Path, said: str) -> ConfigError:
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    return ConfigError(
        "the smoke file cannot be used", fact=f"{path}:{line}: {named}: {said}".replace(": : ", ": ")
    )


def _steps(path: str) -> lines.Path:
    """``$.check[0].expect`` as ``("check", 0, "expect")``; an unnamed ``[...]`` ends it."""
    known = path.partition("[...]")[0]
    found: list[Any] = [int(number) if number else name for name, number in _parts(known)]
    return tuple(found)


def _parts(path: str) -> list[tuple[str, str]]:
    return re.findall(r"\.(\w+)|\[(\d+)\]", path)


def _last(steps: lines.Path) -> str:
    return next((step for step in reversed(steps) if isinstance(step, str)), "$")
