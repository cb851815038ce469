"""Fixtures for the tests of anybody: a platform of their own, and faults that end with the test.

What it is not: loaded by anything but pytest, which finds it by itself where relman is installed
(entry point ``pytest11``). Nothing is started before a test asks for it, and nothing of Google's is imported.

    def test_a_deploy_outlives_an_outage(embedded_platform, fault):
        outage = fault("unavailable", method="UpdateService", times=2)
        deploy(embedded_platform.endpoint)
        assert outage.struck == 2
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from relman.embedded import daemon, exports, faulting, ports
from relman.embedded.resources.faults import BadFault

__all__ = ["BadFault", "EmbeddedPlatform", "StandingFault", "embedded_platform", "fault"]


@dataclass(frozen=True)
class StandingFault:
    """A fault that stands until it is cleared; as a context manager, until the end of the block.

    Attributes:
        endpoint: The platform's.
        name: What it is listed and cleared by.
    """

    endpoint: str
    name: str

    @property
    def seen(self) -> int:
        """How many calls or requests it was about so far; 0 when it is cleared."""
        return int(self._listed().get("seen", 0))

    @property
    def struck(self) -> int:
        """How many of these it was done to so far; 0 when it is cleared."""
        return int(self._listed().get("struck", 0))

    def clear(self) -> None:
        """Let it stand no more; done twice, it is done once."""
        if self._listed():
            faulting.clear(self.endpoint, self.name)

    def __enter__(self) -> Self:
        """It stands already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear it."""
        self.clear()

    def _listed(self) -> dict[str, Any]:
        found = faulting.standing(self.endpoint)
        return next((one for one in found if one["name"] == self.name), {})


@dataclass(frozen=True)
class EmbeddedPlatform:
    """A platform that runs.

    Attributes:
        endpoint: Where its APIs answer, ``http://127.0.0.1:PORT``.
        state: Its folder: logs are in it.
    """

    endpoint: str
    state: Path

    @property
    def exports(self) -> dict[str, str]:
        """The environment variables that point clients at it."""
        return exports.variables(self.endpoint)

    def status(self) -> dict[str, Any]:
        """What it says of itself: services with their URLs, traffic and revisions; the faults."""
        return daemon.status(self.state)

    def fault(self, kind: str, **where: Any) -> StandingFault:  # noqa: ANN401 - the fields of Fault
        """Make something fail from now on, until it is cleared.

        Args:
            kind: What: ``unavailable``, ``slow``, …
            where: The parameters of that kind, such as ``method="UpdateService"`` or ``latency="2s"``.

        Raises:
            BadFault: There is no such fault; the message lists what is known.
        """
        added = faulting.add(self.endpoint, {"kind": kind, **where})
        return StandingFault(self.endpoint, added["name"])


@pytest.fixture(scope="session")
def embedded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    """An embedded platform for all tests that ask for it, on a free port, gone with the last of them."""
    state = tmp_path_factory.mktemp("platform")
    try:
        yield EmbeddedPlatform(_command("up", state, "--port", str(ports.free())), state)
    finally:
        _command("down", state)


def _command(verb: str, state: Path, *flags: str) -> str:
    """Run the platform's own command: what it starts is no child of the tests, which need not wait for it.

    Raises:
        Broken: It failed; the message is its own.
    """
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
    argv = [sys.executable, "-m", "relman.embedded", verb, "--state", str(state), *flags]
    environ = os.environ | {"PYTHONPATH": path}
    ran = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise daemon.Broken(ran.stderr.strip())
    return ran.stdout.strip()


@pytest.fixture
def fault(embedded_platform: EmbeddedPlatform) -> Iterator[Callable[..., StandingFault]]:
    """Make something fail, as ``EmbeddedPlatform.fault`` does; at the end of the test it is good again."""
    with ExitStack() as made:

        def demanded(kind: str, **where: Any) -> StandingFault:  # noqa: ANN401 - the fields of Fault
            return made.enter_context(embedded_platform.fault(kind, **where))

        yield demanded
