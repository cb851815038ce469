"""One data plane for a module, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wire import Dataplane, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataplane]:
    """A data plane, which must end silently."""
    with serving(tmp_path_factory.mktemp("plane")) as dataplane:
        yield dataplane


@pytest.fixture
def plane(running: Dataplane) -> Dataplane:
    """That data plane, with an empty table."""
    running.clear()
    return running
