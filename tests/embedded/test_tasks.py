"""``inv platform.*`` as a person types it: where its state is, which port, what to type next."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded import world

ROOT = Path(__file__).resolve().parents[2]
TOML = """[platform]
endpoint = "{}"

[service.hello]
project = "acme-prod"
region = "europe-west1"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A git repository with a folder below its top; its platform is down in the end."""
    top = tmp_path / "my shop"
    (top / "below").mkdir(parents=True)
    world.git(top, "init", "-q")
    yield top
    ended = typed(top, "platform.down")
    assert ended.returncode == 0, ended.stderr


def typed(cwd: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a task."""
    argv = [sys.executable, "-P", "-m", "relman", *map(str, words)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=60)


def points_to(folder: Path, endpoint: str) -> None:
    """Write a relman.toml with an endpoint."""
    (folder / "relman.toml").write_text(TOML.format(endpoint))


def test_the_platform_is_where_relman_looks_for_it(folder: Path) -> None:
    """The port is the endpoint's, the state lies beside relman.toml, from whichever folder one asks."""
    port = world.free_port()
    points_to(folder, f"http://localhost:{port}")
    begun = typed(folder / "below", "platform.up")
    assert (begun.returncode, begun.stdout) == (0, f"http://127.0.0.1:{port}\n"), begun.stderr
    assert [path.name for path in (folder / "below").iterdir()] == []
    for place in (folder, folder / "below"):
        found = json.loads(typed(place, "platform.status", "--json").stdout)
        assert found["state"] == str(folder / ".relman" / "platform")
    assert f"127.0.0.1:{port}\n" in typed(folder / "below", "platform.env").stdout


def test_the_state_stays_out_of_every_commit(folder: Path) -> None:
    """After ``platform.up``, ``git add .`` adds nothing of it; a .gitignore of one's own is left alone."""
    points_to(folder, f"http://127.0.0.1:{world.free_port()}")
    assert typed(folder, "platform.up").returncode == 0
    assert (folder / ".relman" / ".gitignore").read_text() == "*\n"
    world.git(folder, "add", ".")
    assert world.git(folder, "diff", "--cached", "--name-only") == "relman.toml"
    (folder / ".relman" / ".gitignore").write_text("*\n# mine\n")
    assert typed(folder, "platform.up").returncode == 0
    assert (folder / ".relman" / ".gitignore").read_text() == "*\n# mine\n"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "this is no TOML",
        TOML.format("https://run.example.com:8443"),
    ],
)
def test_without_an_endpoint_on_this_machine_it_starts_all_the_same(folder: Path, text: str | None) -> None:
    """No file, a broken one, or Google's: the platform has a port of its own and keeps it."""
    if text:
        (folder / "relman.toml").write_text(text)
    own = world.free_port()
    assert typed(folder, "platform.up", "--port", own).stdout == f"http://127.0.0.1:{own}\n"
    assert typed(folder, "platform.down").returncode == 0
    begun = typed(folder, "platform.up")
    assert (begun.returncode, begun.stdout) == (0, f"http://127.0.0.1:{own}\n"), begun.stderr
    assert (folder / ".relman" / "platform" / "state.db").exists()


@pytest.mark.parametrize("verb", ["status", "env"])
def test_a_platform_that_is_down_is_started_by_the_task(tmp_path: Path, verb: str) -> None:
    """Exit 69, the next command is Invoke's, and nothing is made by asking."""
    asked = typed(tmp_path, f"platform.{verb}")
    assert asked.returncode == 69
    assert asked.stderr.splitlines()[1:] == ["  next: inv platform.up"]
    elsewhere = typed(tmp_path, f"platform.{verb}", "--state", "not here")
    assert elsewhere.stderr.splitlines()[1:] == ["  next: inv platform.up --state 'not here'"]
    assert list(tmp_path.iterdir()) == []


def test_an_endpoint_that_a_stranger_has_is_told(folder: Path) -> None:
    """Exit 69 with the port, and the task with another one."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        port = stranger.getsockname()[1]
        points_to(folder, f"http://127.0.0.1:{port}")
        begun = typed(folder, "platform.up")
    assert begun.returncode == 69
    assert f"port {port} is taken by another program\n  next: inv platform.up --port " in begun.stderr


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file where the folder should be: one sentence, no traceback."""
    (tmp_path / ".relman").touch()
    begun = typed(tmp_path, "platform.up")
    assert begun.returncode == 1
    assert "cannot be used" in begun.stderr
    assert "Traceback" not in begun.stderr
