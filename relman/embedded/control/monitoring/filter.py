"""The filter of ``ListTimeSeries``: which series of one metric are asked for.

What it is not: the whole language. What it does not know is refused, never ignored.

Source: https://cloud.google.com/monitoring/api/v3/filters. NOT binds tighter than OR, and OR tighter
than AND, which may be left out between two comparisons, as in Google's other filters (?).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relman.embedded.resources.refusals import Refusal, invalid

DEEPEST = 20
"""Parentheses and NOTs within each other."""
SHOWN = 300
"""Characters of a filter that a refusal repeats, and of what it says of it."""
TOKEN = re.compile(
    r"""\s*(?:(!=|[<>]=|[=()<>:,])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s"'=!()<>:,]+))"""
)
LABELS = {
    *(f"resource.labels.{name}" for name in ("project_id", "location", "service_name")),
    *(f"resource.labels.{name}" for name in ("revision_name", "configuration_name")),
    *(f"metric.labels.{name}" for name in ("response_code", "response_code_class")),
}
"""What may be asked of a series of either metric, and what series may be grouped by."""
SELECTORS = LABELS | {"metric.type", "resource.type", "project"}
FUNCTIONS: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "starts_with": lambda text, words: text.startswith(words[0]),
    "ends_with": lambda text, words: text.endswith(words[0]),
    "has_substring": lambda text, words: words[0] in text,
    "one_of": lambda text, words: text in words,
}
JOINS = {"AND", "OR", "NOT"}
Test = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True)
class Filter:
    """A filter that was understood.

    Attributes:
        metric: The one metric type that it asks for.
        test: Whether it wants a series, by the selectors of that.
    """

    metric: str
    test: Test


def read(text: str) -> Filter:
    """Understand a filter.

    Raises:
        InvalidArgument: It is no filter, names what no series has, or asks for no or several metrics.
    """
    reader = _Reader(text)
    test = reader.whole()
    if len(reader.metrics) != 1:
        raise _bad(text, 'the filter must specify a single metric type, as in metric.type = "…"')
    if reader.resources - {"cloud_run_revision"}:
        raise _bad(
            text,
            "the supplied filter does not specify a valid combination of metric and monitored resource"
            " descriptors. The query will not return any time series",
        )
    return Filter(reader.metrics.pop(), test)


def selector(name: str) -> str:
    """The one spelling of a label's name, which may also be ``metric.label.…`` and have quotes."""
    spelled = name.replace('"', "").replace("'", "")
    return re.sub(r"^(metric|resource)\.label\.", r"\1.labels.", spelled)


class _Reader:
    """Reads a filter from left to right, and notes which metrics and resources it names."""

    def __init__(self, text: str) -> None:
        self.metrics: set[str] = set()
        self.resources: set[str] = set()
        self._text, self._place, self._depth = text, 0, 0
        self._tokens = self._split()

    def whole(self) -> Test:
        if not self._tokens:
            raise _bad(self._text, "a filter is required")
        test = self._all()
        if self._peek():
            raise self._unexpected()
        return test

    def _all(self) -> Test:
        tests = [self._any()]
        while self._peek() not in {"", ")"}:
            self._take("AND")
            tests.append(self._any())
        return lambda series: all(test(series) for test in tests)

    def _any(self) -> Test:
        tests = [self._one()]
        while self._take("OR"):
            tests.append(self._one())
        return lambda series: any(test(series) for test in tests)

    def _one(self) -> Test:
        if self._peek() not in {"NOT", "("}:
            return self._comparison()
        self._depth += 1
        if self._depth > DEEPEST:
            raise _bad(self._text, f"it is nested deeper than {DEEPEST}")
        test = self._negated() if self._take("NOT") else self._grouped()
        self._depth -= 1
        return test

    def _negated(self) -> Test:
        test = self._one()
        return lambda series: not test(series)

    def _grouped(self) -> Test:
        self._expect("(")
        test = self._all()
        self._expect(")")
        return test

    def _comparison(self) -> Test:
        name = self._selector()
        operator = self._next()
        if operator not in {"=", "!="}:
            raise _bad(self._text, f"'{operator}' is not supported after '{name}': known are = and !=")
        matches, words = self._right()
        self._note(name, operator, words, literal=matches is FUNCTIONS["one_of"] and len(words) == 1)
        wanted = operator == "="
        return lambda series: matches(series[name], words) is wanted

    def _selector(self) -> str:
        found = self._next()
        if found.endswith("."):  # metric.labels."response_code"
            found += self._next()
        name = selector(found)
        if name not in SELECTORS:
            raise _bad(self._text, f"'{found}' is unknown: known are {', '.join(sorted(SELECTORS))}")
        return name

    def _right(self) -> tuple[Callable[[str, tuple[str, ...]], bool], tuple[str, ...]]:
        """A function with its arguments; a mere value is one of one."""
        found = self._next()
        if self._peek() != "(" or found[:1] in {'"', "'"}:
            return FUNCTIONS["one_of"], (self._value(found),)
        if found not in FUNCTIONS:
            raise _bad(self._text, f"'{found}()' is not supported: known are {', '.join(FUNCTIONS)}")
        self._expect("(")
        words = [self._value(self._next())]
        while self._take(","):
            words.append(self._value(self._next()))
        self._expect(")")
        if found != "one_of" and len(words) > 1:
            raise _bad(self._text, f"{found}() takes one argument")
        return FUNCTIONS[found], tuple(words)

    def _note(self, name: str, operator: str, words: tuple[str, ...], *, literal: bool) -> None:
        if name == "metric.type":
            if not (literal and operator == "="):
                raise _bad(self._text, "metric.type takes = and one value")
            self.metrics.update(words)
        if name == "resource.type" and literal and operator == "=":
            self.resources.update(words)

    def _value(self, token: str) -> str:
        if token[:1] in {'"', "'"}:
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token in JOINS or not re.match(r"\w", token):
            raise _bad(self._text, "the right-hand side of a comparison contains an unsupported value")
        return token

    def _split(self) -> list[str]:
        tokens, place = [], 0
        text = self._text.rstrip()
        while place < len(text):
            match = TOKEN.match(text, place)
            if match is None:
                raise _bad(self._text, f"it cannot be read from '{text[place : place + 20]}' on")
            tokens.append(match[match.lastindex or 0])
            place = match.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _bad(self._text, "it ends too early")
        self._place += 1
        return token

    def _take(self, token: str) -> bool:
        taken = self._peek() == token
        self._place += taken
        return taken

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._unexpected()

    def _unexpected(self) -> Refusal:
        return _bad(self._text, f"'{self._peek() or 'its end'}' is not expected there")


def _bad(text: str, why: str) -> Refusal:
    return invalid("filter", f'Field filter had an invalid value of "{_short(text)}": {_short(why)}.')


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
