"""``inv init`` on a terminal, and without one."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relman import config
from tests.guards import tree

COMMAND = [sys.executable, "-P", "-m", "relman", "init"]
PATIENCE = 30.0


def environment(folder: Path) -> dict[str, str]:
    """A bare one, in which no project, no zone and no person's git is known."""
    found = {
        "PYTHONPATH": str(tree.ROOT),
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TZ": "Europe/Berlin",
    }
    return {**found, "GIT_CONFIG_NOSYSTEM": "1"}


def ran(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """The command without a terminal."""
    return subprocess.run(
        [*COMMAND, *flags],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            COMMAND, cwd=folder, env=environment(folder), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.told = ""

    def answer(self, after: str, text: str) -> None:
        """Type a line once something was asked."""
        self.until(after)
        os.write(self._ours, f"{text}\n".encode())

    def until(self, after: str) -> None:
        """Wait for words on the screen."""
        start, deadline = len(self.told), time.monotonic() + PATIENCE
        while after not in self.told[start:]:
            assert time.monotonic() < deadline, self.told
            if select.select([self._ours], [], [], 0.1)[0]:
                self.told += os.read(self._ours, 4096).decode()

    def end(self) -> int:
        """Wait for the end; its exit code."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            os.close(self._ours)


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    """With what to type instead; nothing is written."""
    done = ran(tmp_path)
    assert done.returncode == 3
    assert "there is no terminal\n  next: inv init --defaults" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_defaults_are_for_one_who_works_alone(tmp_path: Path) -> None:
    """A file that can be released with, on this machine; the second time is refused."""
    done = ran(tmp_path, "--defaults", "--service", "shop")
    assert (done.returncode, done.stdout) == (0, "wrote relman.toml\n  next: inv platform.up\n")
    assert config.load(tmp_path / config.NAME).profile == "solo"
    before = (tmp_path / config.NAME).read_bytes()
    assert ran(tmp_path, "--defaults").returncode == 3
    assert (tmp_path / config.NAME).read_bytes() == before


def test_a_team_by_default_is_whom_git_knows(tmp_path: Path) -> None:
    """With two authors there is a team; with none it is refused, with the flag to say them by."""
    refused = ran(tmp_path, "--defaults", "--profile", "team")
    assert refused.returncode == 2
    assert "--person" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    for name in ("Ana Ruiz", "Ben Okafor"):
        who = f"{name} <{name.split()[0].lower()}@mervo.example>"
        as_git = ["-c", "user.name=x", "-c", "user.email=x@mervo.example"]
        for words in (["init", "-q"], [*as_git, "commit", "-q", "--allow-empty", "--author", who, "-m", "x"]):
            subprocess.run(["git", *words], cwd=tmp_path, env=environment(tmp_path), check=True)
    done = ran(tmp_path, "--defaults", "--profile", "team", "--zone", "Europe/Rome")
    assert done.returncode == 0, done.stderr
    assert "wrote docs/runbooks/billing.md\n" in done.stdout
    assert list(config.load(tmp_path / config.NAME).people) == ["ben", "ana"]


@pytest.mark.parametrize("pressed", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_midway_leaves_nothing(tmp_path: Path, pressed: signal.Signals) -> None:
    """Nothing is written before the last answer."""
    screen = Terminal(tmp_path)
    screen.answer("alone or as a team", "team")
    screen.until("Cloud Run service called?")
    screen.process.send_signal(pressed)
    assert screen.end() != 0
    assert list(tmp_path.iterdir()) == []


def test_answers_on_a_terminal(tmp_path: Path) -> None:
    """A wrong answer is told and asked again; an empty one takes the default in brackets."""
    screen = Terminal(tmp_path)
    screen.answer("alone or as a team (solo, team)? [solo]", "teem")
    screen.answer("did you mean 'team'?", "")
    screen.answer("service called?", "shop")
    screen.answer("In which Google Cloud project", "acme-prod")
    screen.answer("In which region? [europe-west1]", "")
    screen.answer("On which days do you ship", "tue wed")
    screen.answer("From when to when", "")
    screen.answer("In which time zone? [Europe/Berlin]", "")
    screen.until("next: inv release.prepare")
    assert screen.end() == 0
    window = config.load(tmp_path / config.NAME).window
    assert window
    assert (window.tz, window.windows[0].days) == ("Europe/Berlin", ("tue", "wed"))
