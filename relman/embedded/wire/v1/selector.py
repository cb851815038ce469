"""Label selectors of Kubernetes: which objects of a list are meant.

What it is not: a field selector; Cloud Run has none.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from relman.embedded.resources.refusals import invalid

Test = Callable[[Mapping[str, str]], bool]
KEY = r"([\w./-]+)"
EQUAL = re.compile(rf"{KEY}\s*(==|=|!=)\s*([\w.-]*)")
ONE_OF = re.compile(rf"{KEY}\s+(in|notin)\s+\(([^()]*)\)")
THERE = re.compile(rf"(!?)\s*{KEY}")
TERM = re.compile(r"\s*((?:[^,()]|\([^()]*\))+)(?:,|$)")


def chosen(text: str) -> Test:
    """A test for labels.

    Raises:
        InvalidArgument: The text is no selector.
    """
    tests, rest = [], text
    while rest.strip():
        match = TERM.match(rest)
        test = _test(match[1].strip()) if match else None
        if match is None or test is None:
            raise invalid("labelSelector", f"labelSelector: '{text}' is not a label selector.")
        tests.append(test)
        rest = rest[match.end() :]
    return lambda labels: all(test(labels) for test in tests)


def _test(term: str) -> Test | None:
    if match := EQUAL.fullmatch(term):
        key, sign, wanted = match.groups()
        return lambda labels: (labels.get(key) == wanted) is (sign != "!=")
    if match := ONE_OF.fullmatch(term):
        key, sign, several = match.groups()
        values = {one.strip() for one in several.split(",")}
        return lambda labels: (labels.get(key) in values) is (sign == "in")
    if match := THERE.fullmatch(term):
        absent, key = match.groups()
        return lambda labels: (key in labels) is not bool(absent)
    return None
