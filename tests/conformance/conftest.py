"""Where the suite runs is chosen here: on a platform started for it, or on a project that is given.

``pytest tests/conformance --project P --region R`` asks Google, with application default credentials; the
environment may say the same (``CONFORMANCE_PROJECT`` …). Tests that cost too much there, or ask for what
only the platform has, are left to the platform and counted.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.clients import Clients
from tests.conformance.knative import Knative
from tests.conformance.rows import EVERY, rule_of
from tests.conformance.transcript import Transcript
from tests.conformance.world import HELLO, Place, World
from tests.embedded import world as embedded

OPTIONS = {
    "project": "the id of a real project; without it the suite runs on a platform of its own",
    "region": "its region (europe-west1)",
    "image": "what is deployed there, built from tests/conformance/app.py (Google's public hello image)",
    "endpoint": "where the APIs of that project are (Google's)",
    "record": "the folder that takes the transcript",
}
NOT_ASKED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch between the platform and a real project."""
    group = parser.getgroup("conformance", "where the conformance suite runs")
    for name, what in OPTIONS.items():
        group.addoption(f"--{name}", help=what)


def pytest_configure(config: pytest.Config) -> None:
    """Nothing was left out yet."""
    config.stash[NOT_ASKED] = []


def option(config: pytest.Config, name: str) -> str:
    """What the command line says, else the environment, else nothing."""
    said = config.getoption(f"--{name}", default=None)
    return str(said or os.environ.get(f"CONFORMANCE_{name.upper()}", ""))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs once over each wire of its row."""
    rule = rule_of(metafunc.function)
    if "world" in metafunc.fixturenames and rule:
        metafunc.parametrize("wire", rule.wires)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real project leave out what is not asked of it."""
    if not option(config, "project"):
        return
    own_app = bool(option(config, "image"))
    left_out = [item for item in items if "world" in getattr(item, "fixturenames", ()) and why(item, own_app)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    config.stash[NOT_ASKED] += sorted({f"{item.originalname}: {why(item, own_app)}" for item in left_out})  # type: ignore[attr-defined]


def why(item: pytest.Item, own_app: bool) -> str:  # noqa: FBT001 - a fact
    """The reason for which a test is not asked of a real project, empty when it is."""
    mark = item.get_closest_marker("only_here")
    if mark:
        return str(mark.args[0])
    return (
        "needs the suite's own app (--image)" if item.get_closest_marker("needs_app") and not own_app else ""
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what a real project was not asked."""
    for line in terminalreporter.config.stash[NOT_ASKED]:
        terminalreporter.write_line(f"not asked of a real project: {line}")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A real project if one is given, else a platform of this session's own with the app built."""
    config = request.config
    if project := option(config, "project"):
        region = option(config, "region") or "europe-west1"
        image, endpoint = option(config, "image") or HELLO, option(config, "endpoint")
        yield Place(project, region, image, endpoint, real=True)
        return
    repository = app_repository(tmp_path_factory.mktemp("app"))
    with embedded_platform(tmp_path_factory.mktemp("conformance"), repository) as found:
        yield found


@contextmanager
def embedded_platform(state: Path, repository: Path, *flags: str) -> Iterator[Place]:
    """A platform that was started for this, with the app's image built."""
    one = embedded.launched(state, repository, *flags)
    try:
        image = f"eu/p1/api@{one.build().results.images[0].digest}"
        yield Place(
            "conformance", "europe-west1", image, one.endpoint, real=False, repository=repository.as_uri()
        )
    finally:
        stopped = embedded.command("down", "--state", state)
        one.close()
        assert stopped.returncode == 0


def app_repository(folder: Path) -> Path:
    """A git repository with the app and how it starts."""
    shutil.copy(Path(__file__).with_name("app.py"), folder)
    (folder / "Procfile").write_text("web: python -IS app.py\n")
    (folder / "Dockerfile").write_text('FROM python:3.11\nCOPY . /app\nCMD ["python", "app.py"]\n')
    embedded.git(folder, "init", "-q", "-b", "main")
    embedded.git(folder, "add", ".")
    embedded.git(folder, "commit", "-q", "-m", "one")
    return folder


@pytest.fixture(scope="session")
def spoken(request: pytest.FixtureRequest, place: Place) -> Iterator[dict[str, Clients]]:
    """The clients of each wire, opened when they are first needed."""
    folder = option(request.config, "record")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    hidden = {rf"{place.prefix}-[0-9a-f]{{6}}": "NAME", rf"\b{re.escape(place.project)}\b": "PROJECT"}
    transcript = Transcript(Path(folder) if folder else None, worker, hidden)
    opened = {wire: Clients(wire, place.endpoint, transcript) for wire in EVERY}
    yield opened
    for clients in opened.values():
        clients.close()


@pytest.fixture
def world(
    request: pytest.FixtureRequest, place: Place, spoken: dict[str, Clients], wire: str
) -> Iterator[World]:
    """One test's hands over one wire; what it made is deleted, also when it failed."""
    clients = spoken[wire]
    rule = rule_of(request.function)
    clients.about = {"row": rule.row if rule else "", "test": request.node.originalname, "wire": wire}
    one = (Knative if wire == "v1" else World)(place, wire, clients)
    yield one
    one.clear()
