"""How a task is declared: the ``task`` decorator.

What it is not: a place for what a task does. It reads a function's signature and docstring, so
that flags, types and help are written once, where Python wants them anyway.

Invoke alone ignores annotations, makes up short flags (``-h`` and ``-d`` among them, and then runs
the task that was asked for help), and swallows ``--help`` as the value of an argument without a
default (pyinvoke/invoke #982). A task of relman therefore has keywords with defaults only, no short
flags, and values of the annotated types.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from invoke.parser import Argument
from invoke.tasks import Task

from relman.clock import instant
from relman.errors import UsageError

Count = typing.NewType("Count", int)
"""How many of something, at least one."""

MOST = 1200
"""No count is higher: months of a hundred years."""

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between these an instant lies that a person names; near its ends the calendar cannot be reckoned with."""


def counted(word: str) -> Count:
    """A count as a person typed it.

    Raises:
        ValueError: It is none.
    """
    if not 1 <= (number := int(word)) <= MOST:
        raise ValueError(word)
    return Count(number)


def dated(word: str) -> datetime:
    """An instant as a person typed it.

    Raises:
        UsageError: It is none, or lies beyond what is reckoned with.
    """
    if not FIRST <= (moment := instant(word)) < END:
        raise UsageError("a time out of reach", fact=word)
    return moment


READERS: Mapping[Any, tuple[Callable[[str], object], str]] = {
    str: (str, "a text"),
    int: (int, "a whole number"),
    float: (float, "a number"),
    Path: (Path, "a path"),
    Count: (counted, f"a whole number from 1 to {MOST}"),
    datetime: (dated, "a time of the years 1970 to 2999 with its offset, like 2026-11-25T10:00+01:00"),
}
"""How a word of the command line becomes a value, and what a person is told to type."""

FLAG = re.compile(r"--?[A-Za-z]")

ARGS = re.compile(r"^Args:\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
"""The section of a Google-style docstring that describes the parameters."""

ARG = re.compile(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)


class Parameter(NamedTuple):
    """One flag of a task.

    Attributes:
        name: As Python spells it.
        item: The type of one value, or the ``Literal`` it is one of.
        several: ``tuple`` or ``list`` if the flag may be repeated, else None.
        default: What the task gets when the flag is not given.
        about: The sentence of the docstring.
    """

    name: str
    item: Any
    several: type[tuple[object, ...] | list[object]] | None
    default: object
    about: str

    @property
    def flag(self) -> str:
        """As a person types it; ``from_`` is ``--from``, for Invoke too."""
        return "--" + self.name.strip("_").replace("_", "-")

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed, if the type names them."""
        return typing.get_args(self.item) if typing.get_origin(self.item) is Literal else ()

    @property
    def spelled(self) -> str:
        """The words allowed, as a person would list them; the empty one means "not given"."""
        return ", ".join(filter(None, self.choices))

    @property
    def help(self) -> str:
        """The sentence, with what the signature knows besides."""
        notes = [f"one of: {self.spelled}"] if self.choices else []
        notes += ["may be repeated"] if self.several else []
        notes += [f"default: {shown(self.default)}"] if shown(self.default) else []
        return f"{self.about} ({'; '.join(notes)})" if notes else self.about

    def value(self, given: object) -> object:
        """What the task gets for what Invoke, or a Python caller, gave.

        Raises:
            UsageError: It is not of the annotated type.
        """
        if given is None or (self.several and not given):
            return self.default
        if self.several and isinstance(given, Iterable):
            return self.several([self.read(word) for word in given])
        return self.read(given)

    def read(self, word: object) -> object:
        """One word as a value; a Python caller's value is taken as it is."""
        if not isinstance(word, str):
            return word
        if FLAG.match(word):  # Invoke takes whatever follows: "--service --help", "--service -R"
            raise UsageError(f"{self.flag} needs a value", fact=f"{word!r} looks like a flag")
        if self.choices:
            return self.choose(word)
        reader, kind = READERS[self.item]
        try:
            return reader(word)
        except (ValueError, UsageError) as error:
            raise UsageError(f"{self.flag} takes {kind}", fact=repr(word)) from error

    def choose(self, word: str) -> str:
        """The word, if it is one of those allowed."""
        if word in self.choices:
            return word
        close = difflib.get_close_matches(word, self.choices, n=1)
        raise UsageError(
            f"{self.flag} takes one of {self.spelled}",
            fact=repr(word),
            clears=f"{self.flag} {close[0]}" if close else "",
        )


class Declared(Task[Callable[..., None]]):
    """An Invoke task whose flags are a function's keywords."""

    def __init__(self, body: Callable[..., None], *, name: str | None, default: bool) -> None:
        """Read signature and docstring.

        Raises:
            TypeError: The function is no task of relman: a parameter without keyword, default,
                known type or help, or no docstring.
        """
        self.parameters = parameters(body)
        super().__init__(
            body,
            name=name,
            default=default,
            positional=(),
            auto_shortflags=False,
            iterable=[each.name for each in self.parameters if each.several],
        )
        # Shown by --help above the options, which repeat what "Args" says.
        self.__doc__ = ARGS.sub("", docstring(body)).strip() + "\n"

    def argspec(self, body: Callable[..., None]) -> inspect.Signature:  # noqa: ARG002
        """The signature that Invoke sees: text and switches, so that every value reaches us unread."""
        return inspect.Signature(
            [
                inspect.Parameter(
                    each.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=each.default if each.item is bool else None,
                )
                for each in self.parameters
            ]
        )

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: FBT001  as Invoke calls it
        """The flags for the parser.

        Invoke takes the help away as it reads it; a task with two names would have it under one.
        """
        self.help = {each.name: each.help for each in self.parameters}
        found = super().get_arguments(ignore_unknown_help)
        for each in found:
            if each.kind is list:  # else a bare "--override" passes for one with nothing to say
                each.raw_value = None
        return found

    def __call__(self, *args: Any, **given: Any) -> Any:  # noqa: ANN401  as Invoke's own
        """Run the task with values of the annotated types; ``-R/--dry`` is its ``dry_run``."""
        values = {each.name: each.value(given.pop(each.name, None)) for each in self.parameters}
        if args[0].config.run.dry:
            self.rehearse(values)
        return super().__call__(*args, **values, **given)

    def rehearse(self, values: dict[str, object]) -> None:
        """Turn the task into its own rehearsal.

        Raises:
            UsageError: It has none; doing the real thing instead would be worse than nothing.
        """
        if "dry_run" not in values:
            raise UsageError(
                "this task knows no dry run", fact=self.name, clears="the same command without -R/--dry"
            )
        values["dry_run"] = True


@typing.overload
def task(body: Callable[..., None], /) -> Declared: ...
@typing.overload
def task(*, name: str | None = None, default: bool = False) -> Callable[[Callable[..., None]], Declared]: ...
def task(
    body: Callable[..., None] | None = None, /, *, name: str | None = None, default: bool = False
) -> Declared | Callable[[Callable[..., None]], Declared]:
    """Declare a task: ``@task``, or ``@task(name=..., default=True)``.

    The function takes Invoke's context first, then keywords with defaults. Their types are read from
    the annotations, their help from the docstring's ``Args``.

    Args:
        body: The function.
        name: The task's name where Python's would not do.
        default: Whether the collection's own name runs this task.

    Raises:
        TypeError: The function is no task of relman.
    """
    if body is not None:
        return Declared(body, name=name, default=default)
    return lambda function: Declared(function, name=name, default=default)


def parameters(body: Callable[..., None]) -> tuple[Parameter, ...]:
    """The flags of a function, in the order in which they are written.

    Raises:
        TypeError: A parameter has no keyword, default, known type or help.
    """
    abouts = described(docstring(body))
    hints = typing.get_type_hints(body)
    declared = list(inspect.signature(body).parameters.values())[1:]
    for each in declared:
        if each.kind is not each.KEYWORD_ONLY or each.default is each.empty:
            raise TypeError(f"{body.__qualname__}: {each.name} must be a keyword with a default")
        if each.name not in abouts:
            raise TypeError(f"{body.__qualname__}: {each.name} is not described under Args")
    return tuple(
        Parameter(each.name, *typed(hints[each.name]), each.default, abouts[each.name]) for each in declared
    )


def docstring(body: Callable[..., None]) -> str:
    """The docstring without its indentation.

    Raises:
        TypeError: There is none; ``--list`` would show an empty line.
    """
    if not (doc := inspect.getdoc(body)):
        raise TypeError(f"{body.__qualname__}: a task says in its docstring what it does")
    return doc + "\n"


def described(doc: str) -> dict[str, str]:
    """What the ``Args`` section of a docstring says of each parameter, each on one line."""
    section = ARGS.search(doc)
    return {name: " ".join(text.split()) for name, text in ARG.findall(section[1])} if section else {}


def typed(hint: Any) -> tuple[Any, type[tuple[object, ...] | list[object]] | None]:  # noqa: ANN401
    """The type of one value, and what several are gathered in.

    Raises:
        TypeError: No word of a command line can become such a value.
    """
    if isinstance(hint, types.UnionType):
        one, *others = (each for each in typing.get_args(hint) if each is not types.NoneType)
        hint = hint if others else one
    origin = typing.get_origin(hint)
    if origin in (tuple, list):
        return typed(typing.get_args(hint)[0])[0], origin
    if origin is not Literal and hint not in READERS and hint is not bool:
        raise TypeError(f"a flag cannot be of type {hint}")
    return hint, None


def shown(default: object) -> str:
    """A default as a person would type it; nothing for "not given"."""
    if isinstance(default, bool) or default is None:
        return "yes" if default else ""
    if isinstance(default, (tuple, list)):
        return ", ".join(str(each) for each in default)
    return str(default)
