"""``./inv`` on a machine that has nothing yet; every environment here is really made."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scripts import bootstrap
from tests.setup.checkout import Checkout, lay


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that one of the tests sets up first, and the others find set up."""
    return lay(tmp_path_factory.mktemp("ready"))


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    """A checkout that nobody has run."""
    return lay(tmp_path)


@pytest.fixture(scope="module")
def ready(checkout: Checkout) -> Checkout:
    """A checkout that is set up: three first runs at once have seen to it."""
    ends = [run.ended() for run in [checkout.start("demo") for _ in range(3)]]
    assert [end.code for end in ends] == [0, 0, 0], ends
    assert sum("this takes about" in end.err for end in ends) == 1, "one run installs"
    assert sum("waiting for it" in end.err for end in ends) == 2, "the others say that they wait"
    assert {end.out.split()[0] for end in ends} == {"ran"}
    return checkout


def test_three_first_runs_at_once_install_once(ready: Checkout) -> None:
    """One of three parallel first runs installs, two wait and say so, and all three then run."""
    assert ready.stamp.read_bytes() == (ready.root / "requirements.lock").read_bytes()


def test_a_later_run_says_nothing_and_hands_on_every_argument(ready: Checkout) -> None:
    """The fast path prints nothing of its own and keeps arguments with blanks and quotes whole."""
    end = ready.run("release.cut", "--reason", "it's late, go")
    assert end == (0, f"ran --search-root {ready.root} release.cut --reason it's late, go\n", "")


def test_it_runs_from_anywhere(ready: Checkout, tmp_path: Path) -> None:
    """From another folder, by a link, by a link to its folder, and where a ``relman`` lies in the way."""
    (tmp_path / "relman.py").write_text("raise SystemExit('not ours')\n")
    (tmp_path / "link").symlink_to(ready.root / "inv")
    (tmp_path / "folder").symlink_to(ready.root)
    for inv in (ready.root / "inv", tmp_path / "link", tmp_path / "folder/inv"):
        end = ready.run("demo", inv=inv, cwd=tmp_path)
        assert end == (0, f"ran --search-root {ready.root} demo\n", "")


def test_a_moved_checkout_goes_on_working(ready: Checkout, tmp_path: Path) -> None:
    """Nothing in the environment names the folder that it was made in."""
    moved = Checkout(tmp_path / "moved", ready.shelf)
    shutil.copytree(ready.root, moved.root, symlinks=True)
    assert moved.run("demo") == (0, f"ran --search-root {moved.root} demo\n", "")


def test_an_interpreter_that_has_gone_is_noticed(ready: Checkout, tmp_path: Path) -> None:
    """A ``.venv`` whose Python was uninstalled does not count as set up."""
    copy = bootstrap.Checkout(tmp_path / "copy")
    shutil.copytree(ready.root, copy.root, symlinks=True)
    assert copy.is_current()
    copy.python.unlink()
    copy.python.symlink_to("/nowhere/python3")
    assert not copy.is_current()


def test_tab_installs_nothing(fresh: Checkout) -> None:
    """Completion in a checkout that is not set up answers nothing, at once, and makes nothing."""
    before = sorted(fresh.root.iterdir())
    assert fresh.run("--complete", "--", "inv rel") == (0, "", "")
    assert sorted(fresh.root.iterdir()) == before


def test_a_package_that_is_not_the_locked_one_is_refused(ready: Checkout, tmp_path: Path) -> None:
    """A wrong hash ends with 7, says whose, and leaves the former environment usable."""
    copy = Checkout(tmp_path / "copy", ready.shelf)
    shutil.copytree(ready.root, copy.root, symlinks=True)
    lock = copy.root / "requirements.lock"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text()))
    end = copy.run("demo")
    assert (end.code, end.out) == (7, "")
    assert "a package is not what requirements.lock says" in end.err
    assert "tiny" in end.err
    assert copy.stamp.read_bytes() != lock.read_bytes(), "the new lock does not count as installed"
    former = [str(copy.root / ".venv/bin/python"), "-I", "-m", "relman"]
    assert subprocess.run(former, capture_output=True, text=True, check=True).stdout == "ran\n"


def test_a_registry_that_has_nothing_is_named(fresh: Checkout) -> None:
    """Without the packages the end is 69, with what pip said and what to check."""
    end = fresh.run("demo", PIP_FIND_LINKS=str(fresh.root))
    assert (end.code, end.out) == (69, "")
    assert "the packages of requirements.lock cannot be had" in end.err
    assert "tiny==1.0" in end.err
    assert "next: check the network" in end.err
    assert not fresh.stamp.exists()


@pytest.mark.parametrize("python", ["/nowhere/python3", "false"])
def test_a_python_that_does_not_serve_is_named(fresh: Checkout, python: str) -> None:
    """RELMAN_PYTHON is taken at its word: no other interpreter is tried behind the caller's back."""
    end = fresh.run("demo", RELMAN_PYTHON=python)
    assert end.code == 69
    assert f"RELMAN_PYTHON is no Python 3.11 or newer: {python}" in end.err


def test_a_machine_without_python_is_told_how_to_get_one(fresh: Checkout, tmp_path: Path) -> None:
    """With no Python and no uv on the PATH the end is 69, with a command for each system."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "readlink"):
        (programs / name).symlink_to(str(shutil.which(name)))
    end = fresh.run("demo", PATH=str(programs), RELMAN_PYTHON="")
    assert end.code == 69
    assert "sudo apt install python3 python3-venv" in end.err
    assert "RELMAN_PYTHON=/path/to/python3.11 " in end.err


def test_a_folder_that_cannot_be_written_is_named(fresh: Checkout) -> None:
    """What the system refuses is said in one line with the path, not as a traceback."""
    (fresh.root / ".venv.lock").mkdir()
    end = fresh.run("demo")
    assert end.code == 69
    assert "Traceback" not in end.err
    assert str(fresh.root / ".venv.lock") in end.err


def test_a_killed_first_run_is_made_good_by_the_next(fresh: Checkout) -> None:
    """A kill -9 while pip fetches leaves no stamp, and the next run starts over."""
    with stalling() as (address, asked):
        run = fresh.start("demo", PIP_FIND_LINKS=address)
        assert asked.wait(60), "pip never came to fetch the package"
        os.killpg(run.pid, signal.SIGKILL)
        assert run.ended().code == -signal.SIGKILL
    assert (fresh.root / ".venv/bin/python").exists(), "it was killed in the middle"
    assert not fresh.stamp.exists()
    end = fresh.run("demo")
    assert (end.code, end.out) == (0, f"ran --search-root {fresh.root} demo\n")


@contextmanager
def stalling() -> Iterator[tuple[str, threading.Event]]:
    """A registry that names the package and never delivers it."""
    asked, over = threading.Event(), threading.Event()

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path.endswith(".whl"):
                asked.set()
                over.wait(60)
            else:
                self.wfile.write(b'<a href="tiny-1.0-py3-none-any.whl">tiny</a>')

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Registry) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            over.set()
            server.shutdown()
            serving.join()


def test_the_bootstrap_needs_nothing_installed() -> None:
    """It runs before anything is installed, so it may import the standard library only."""
    source = (Path(__file__).resolve().parents[2] / "scripts/bootstrap.py").read_text()
    imported = re.findall(r"^\s*(?:import|from) ([a-z_]+)", source, re.MULTILINE)
    assert imported
    assert set(imported) <= sys.stdlib_module_names
