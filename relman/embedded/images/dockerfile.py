"""What a Dockerfile says about running: the last stage's command, environment and working directory.

What it is not: a builder. ``RUN`` and every ``COPY`` but that of the whole context are named in the log and
not carried out; dependencies come from ``requirements.txt`` and ``package-lock.json`` instead.

Source: https://docs.docker.com/reference/dockerfile/ (instructions, line continuation, here-documents).
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from relman.embedded.images.image import USER_BUILD_STEP, BuildError, Log

HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
VARIABLE = re.compile(r"\\\$|\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))")
SILENT = frozenset({"EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "SHELL"})
NOT_CARRIED_OUT = frozenset({"RUN", "ADD", "USER", "VOLUME", "HEALTHCHECK", "ONBUILD"})


@dataclass(frozen=True)
class Stage:
    """What one stage says.

    Attributes:
        workdir: Absolute path in the image.
        source: Where the whole context is copied to; empty if it is not.
        env: Variables for the command.
        arguments: Variables for the Dockerfile alone (``ARG``).
        entrypoint: ``ENTRYPOINT``: the words of its exec form, or the text of its shell form.
        command: ``CMD``, likewise.
    """

    workdir: str = "/"
    source: str = ""
    env: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | str = ()
    command: tuple[str, ...] | str = ()

    def argv(self) -> tuple[str, ...]:
        """The command that the image starts with; empty if there is none.

        Raises:
            BuildError: ``USER_BUILD_STEP``: it is in shell form.
        """
        return (*_exec_only("ENTRYPOINT", self.entrypoint), *_exec_only("CMD", self.command))


class Part(NamedTuple):
    """The text of one stage: its name, the image or stage that it starts from, its instructions."""

    name: str
    base: str
    instructions: list[tuple[str, str]]


def last_stage(text: str, log: Log) -> Stage:
    """Read a Dockerfile.

    Raises:
        BuildError: ``USER_BUILD_STEP``: it cannot be read, or has no stage.
    """
    outer, parts = _parts(text)
    if not parts:
        raise BuildError(USER_BUILD_STEP, "the Dockerfile has no FROM")
    return _said(parts, outer, log)


def _said(parts: list[Part], outer: dict[str, str], log: Log) -> Stage:
    """The last part's stage; a stage that it starts from is read first, any other not at all."""
    part, earlier = (
        parts[-1],
        [index for index, other in enumerate(parts[:-1]) if other.name == parts[-1].base],
    )
    stage = replace(_said(parts[: earlier[-1] + 1], outer, log), arguments={}) if earlier else Stage()
    for word, rest in part.instructions:
        stage = _told(stage, word, rest, outer, log)
    return stage


def _parts(text: str) -> tuple[dict[str, str], list[Part]]:
    outer: dict[str, str] = {}
    parts: list[Part] = []
    for word, rest in _instructions(text):
        if word == "FROM":
            parts.append(_from(_expanded(rest, outer), str(len(parts))))
        elif parts:
            parts[-1].instructions.append((word, rest))
        else:
            outer |= _argument(word, rest)
    return outer, parts


def _exec_only(word: str, said: tuple[str, ...] | str) -> tuple[str, ...]:
    if isinstance(said, tuple):
        return said
    detail = (
        f"the Dockerfile's {word} is in shell form ({said}), which needs the image's own shell; "
        f'write it in exec form: {word} ["program", "argument"]'
    )
    raise BuildError(USER_BUILD_STEP, detail)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction's word, in capitals, and the rest of its line; here-documents are left out."""
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        whole = _continued(line, lines)
        if not whole:
            continue
        word, _, rest = whole.partition(" ")
        if word.upper() in {"RUN", "COPY", "ADD"}:
            for end in HEREDOC.findall(rest):
                _skip(lines, end)
        yield word.upper(), rest.strip()


def _continued(line: str, lines: Iterator[str]) -> str:
    whole = "" if line.lstrip().startswith("#") else line.strip()
    while whole.endswith("\\"):
        following = next(lines, "")
        if not following.lstrip().startswith("#"):  # a comment may stand between continued lines
            whole = f"{whole[:-1].rstrip()} {following.strip()}"
    return re.sub(r"^(\S+)\s+", r"\1 ", whole)


def _skip(lines: Iterator[str], end: str) -> None:
    for line in lines:
        if line.strip() == end:
            return


def _from(rest: str, number: str) -> Part:
    words = [word for word in rest.split() if not word.startswith("--")]
    if not words:
        raise BuildError(USER_BUILD_STEP, "the Dockerfile has a FROM without an image")
    named = len(words) == 3 and words[1].upper() == "AS"  # noqa: PLR2004 - FROM image AS name
    return Part(words[2] if named else number, words[0], [])


def _exec_form(rest: str) -> tuple[str, ...] | None:
    """The words of a JSON list; None for the shell form."""
    try:
        words = json.loads(rest)
    except ValueError:
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    return tuple(words)


def _told(stage: Stage, word: str, rest: str, outer: dict[str, str], log: Log) -> Stage:
    if word in NOT_CARRIED_OUT:
        log(f"Not carried out here: {word} {rest}")
        return stage
    if word in SILENT:
        return stage
    if word in {"CMD", "ENTRYPOINT"}:
        form = _exec_form(rest)
        said = rest if form is None else form
        return replace(stage, command=said) if word == "CMD" else replace(stage, entrypoint=said)
    if word == "ARG":
        return replace(stage, arguments=stage.arguments | _inherited(_argument(word, rest), outer))
    teller = TELLERS.get(word)
    if teller is None:
        raise BuildError(
            USER_BUILD_STEP, f"the Dockerfile has an unknown instruction: {word} {rest}".rstrip()
        )
    return teller(stage, _expanded(rest, stage.arguments | stage.env), log)


def _argument(word: str, rest: str) -> dict[str, str]:
    if word != "ARG":
        raise BuildError(USER_BUILD_STEP, f"the Dockerfile has {word} before its first FROM")
    pairs = (text.partition("=") for text in _words(rest))
    return {key: value for key, _, value in pairs}


def _inherited(given: dict[str, str], outer: dict[str, str]) -> dict[str, str]:
    """An ``ARG`` without a value takes the one from before the first ``FROM``."""
    return {key: value or outer.get(key, "") for key, value in given.items()}


def _env(stage: Stage, rest: str, _log: Log) -> Stage:
    words = _words(rest)
    if words and "=" not in words[0]:  # the old form: ENV NAME the whole rest
        key, _, value = rest.partition(" ")
        return replace(stage, env=stage.env | {key: value.strip()})
    pairs = (word.partition("=") for word in words)
    return replace(stage, env=stage.env | {key: value for key, _, value in pairs})


def _workdir(stage: Stage, rest: str, _log: Log) -> Stage:
    return replace(stage, workdir=_absolute(stage, rest))


def _copy(stage: Stage, rest: str, log: Log) -> Stage:
    words = list(_exec_form(rest) or _words(rest))
    paths = [word for word in words if not word.startswith("--")]
    from_elsewhere = any(word.startswith("--from") for word in words)
    if len(paths) == 2 and paths[0] in {".", "./", "/"} and not from_elsewhere:  # noqa: PLR2004 - source, target
        return replace(stage, source=_absolute(stage, paths[1]))
    log(f"Not carried out here: COPY {rest}")
    return stage


TELLERS: dict[str, Callable[[Stage, str, Log], Stage]] = {"ENV": _env, "WORKDIR": _workdir, "COPY": _copy}


def _absolute(stage: Stage, path: str) -> str:
    """``path`` seen from the working directory, without ``..`` that could leave the image."""
    return "/" + posixpath.normpath(posixpath.join(stage.workdir, path)).lstrip("/")


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise BuildError(USER_BUILD_STEP, f"the Dockerfile has a line that cannot be read: {rest}") from error


def _expanded(text: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[0] == "\\$":
            return "$"
        known = variables.get(match[1] or match[4], "")
        if match[2] == "-":
            return known or match[3]
        return (match[3] if known else "") if match[2] == "+" else known

    return VARIABLE.sub(value, text)
