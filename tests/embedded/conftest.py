"""The platform that the tests of this folder share, and one of its own for those that kill it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.embedded import world
from tests.embedded.world import World

SANDBOX = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"]
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "true"]
RUNGS = [
    pytest.param("bwrap", marks=pytest.mark.needs_program("bwrap", works=SANDBOX)),
    pytest.param("runc", marks=pytest.mark.needs_program("runc", root=True, works=NAMESPACES)),
]


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the app and how it starts."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("app.py", "grpc_app.py", "intruder.py"):
        shutil.copy(Path(__file__).with_name(name), folder)
    (folder / "Procfile").write_text("web: python app.py\n")
    (folder / "Dockerfile").write_text(
        'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["python", "app.py"]\n'
    )
    world.git(folder, "init", "-q")
    world.git(folder, "add", ".")
    world.git(folder, "commit", "-q", "-m", "one")
    return folder


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[World]:
    """One platform for all tests that leave it as it is, with the app's image built."""
    with running(tmp_path_factory.mktemp("platform"), repository) as one:
        one.image = f"eu/p1/api@{one.build().results.images[0].digest}"
        yield one


@pytest.fixture(scope="session", params=RUNGS)
def apart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, platform: World
) -> Iterator[World]:
    """A platform on a rung that keeps revisions apart, for all tests that leave it as it is."""
    state = tmp_path_factory.mktemp(request.param)
    shutil.copytree(platform.state / "images", state / "images")
    with running(state, platform.repository, "--runtime", request.param) as one:
        one.image = platform.image
        yield one
    assert not list((state / "instances").iterdir()), "rooms are cleared"


@pytest.fixture
def own(tmp_path: Path, platform: World) -> Iterator[World]:
    """A platform of the test's own, which it may kill; it begins with the other's images."""
    shutil.copytree(platform.state / "images", tmp_path / "state" / "images")
    with running(tmp_path / "state", platform.repository) as one:
        one.image = platform.image
        yield one


@contextmanager
def running(state: Path, repository: Path, *flags: object) -> Iterator[World]:
    """A platform for a while."""
    one = world.launched(state, repository, *flags)
    try:
        yield one
    finally:
        stopped = world.command("down", "--state", state)
        one.close()
        assert stopped.returncode == 0
