"""wrk, Debian's load generator: sixteen kept connections that note every request they lose."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple, Self

POST = 'wrk.method = "POST"\nwrk.body = string.rep("x", 5000)\n'
LONGEST_S = 120
"""After so long it ends by itself."""


class Score(NamedTuple):
    """What it met: requests answered, and lines that say that some were not, or not with 2xx or 3xx."""

    requests: int
    lost: list[str]


class Load:
    """One wrk, from the start to the report."""

    def __init__(self, url: str, script: Path | None = None) -> None:
        """Begin; with a script, what it says is sent."""
        words = ["wrk", "-t1", "-c16", f"-d{LONGEST_S}s", *(["-s", str(script)] if script else []), url]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    @property
    def on(self) -> bool:
        """It goes on."""
        return self._process.poll() is None

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever happened, it is gone."""
        if self.on:
            self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def end(self) -> Score:
        """Have it end and report."""
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate(timeout=20)
        found = re.search(r"(\d+) requests in", said)
        assert found, said
        lost = [line.strip() for line in said.splitlines() if "errors" in line or "Non-2xx" in line]
        return Score(int(found[1]), lost)
