"""Tasks as a person types them, within the test's own process."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

from invoke.context import Context
from invoke.exceptions import Exit


def typed(task: Any, **given: Any) -> tuple[str, int]:
    """What a task prints, and the code that it ends with."""
    page, code = io.StringIO(), 0
    with redirect_stdout(page):
        try:
            task(Context(), **given)
        except Exit as end:
            code = end.code
    return page.getvalue(), code


def refused(task: Any, **given: Any) -> tuple[str, int]:
    """The words with which a task refuses, and the code."""
    try:
        task(Context(), **given)
    except Exit as end:
        return end.message or "", end.code
    return "", 0
