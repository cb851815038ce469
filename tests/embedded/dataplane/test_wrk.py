"""Flips under wrk at sixteen connections."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.embedded.wrk import POST, Load

from .wire import Dataplane, eventually, revision


@pytest.mark.needs_program("wrk")
@pytest.mark.parametrize("body", ["", POST], ids=["GET", "POST"])
def test_a_hundred_flips_under_wrk_fail_no_request(plane: Dataplane, tmp_path: Path, body: str) -> None:
    """And after a flip is acknowledged, the old revision is given no request."""
    script = tmp_path / "post.lua"
    script.write_text(body)
    with ExitStack() as stack:
        backends = {name: stack.enter_context(revision(name))[0] for name in ("a", "b")}
        port = plane.serve({"b": 100}, backends)
        load = stack.enter_context(Load(f"http://127.0.0.1:{port}/", script if body else None))
        for number in range(100):
            new, old = "ab" if number % 2 == 0 else "ba"
            plane.serve({new: 100}, backends)
            before = {name: given(plane, name) for name in "ab"}
            eventually(lambda new=new, before=before: given(plane, new) > before[new] + 16)  # type: ignore[misc]
            assert given(plane, old) == before[old]
        assert load.on
        score = load.end()
    assert score.lost == []
    assert score.requests > 1600


def given(plane: Dataplane, name: str) -> int:
    """How many requests a revision was given."""
    found = plane.ask("stats")["revisions"].get(name)
    return int(found["requests"]) if found else 0
