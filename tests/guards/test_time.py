"""Time comes in as a parameter; ``relman.clock`` is the only place that it comes from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.guards import tree

CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}
"""What reads the machine's clock."""

ALLOWED = ("relman/clock.py", "relman/embedded/")
"""The platform is a stranger with a clock of its own."""


def test_nothing_but_the_clock_reads_the_time() -> None:
    """A window, a bake and a drill can be tested at any hour because nobody asks the machine for it."""
    found = [
        f"{tree.named(path)}:{line} {what}"
        for path in tree.below("relman")
        if not tree.named(path).startswith(ALLOWED)
        for line, what in readings(path)
    ]
    assert found == []


def readings(path: Path) -> Iterator[tuple[int, str]]:
    """Where a file reads the machine's clock, by any name that it was imported under."""
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "datetime"}:
            for each in node.names:
                if f"{node.module}.{each.name}" in CLOCKS:
                    yield node.lineno, f"{node.module}.{each.name}"
        if isinstance(node, ast.Attribute):
            named = ".".join(ast.unparse(node).split(".")[-2:])
            if named in CLOCKS:
                yield node.lineno, named


def test_the_guard_sees_what_it_guards_against(tmp_path: Path) -> None:
    """Each way of asking the machine for the time is seen."""
    source = tmp_path / "x.py"
    source.write_text(
        "import datetime as d, time\nfrom time import time_ns\n"
        "d.datetime.now()\nd.date.today()\ntime.time()\n"
    )
    assert [line for line, _ in readings(source)] == [2, 3, 4, 5]
