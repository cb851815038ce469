"""The platform under wrk at sixteen connections: what is killed or released meanwhile loses nothing."""

from __future__ import annotations

import os
import signal

import pytest

from relman.embedded.runtime.process import found
from tests.embedded.world import World, command, page, target, until
from tests.embedded.wrk import Load

pytestmark = pytest.mark.needs_program("wrk")


def test_releases_lose_no_request(platform: World) -> None:
    """Three new revisions, each taking all the traffic, the old ones stopped."""
    platform.create("loaded", traffic=[target("loaded-v0", 100)], template=platform.template("loaded-v0"))
    uri = platform.service("loaded").uri
    with Load(uri) as load:
        for number in range(1, 4):
            name = f"loaded-v{number}"
            platform.update("loaded", template=platform.template(name), traffic=[target(name, 100)])
            assert page(uri)["K_REVISION"] == name
        score = load.end()
    assert score.lost == []
    assert score.requests > 100


def test_a_control_plane_that_is_killed_loses_no_request(own: World) -> None:
    """Traffic goes on while it is away, and while the next one takes over and ships a revision."""
    own.create("on")
    uri, control = own.service("on").uri, found(own.status()["pid"])
    with Load(uri) as load:
        os.kill(control.pid, signal.SIGKILL)
        until(lambda: not control.alive)
        assert page(uri)["K_REVISION"] == "on-v1"
        assert command("up", "--state", own.state).returncode == 0
        own.update("on", template=own.template("on-v2"))
        assert page(uri)["K_REVISION"] == "on-v2"
        score = load.end()
    assert score.lost == []
    assert score.requests > 100
