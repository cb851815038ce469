"""gcloud as a person has it who typed ``eval "$(inv platform.env --gcloud)"``. What it is not: a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.embedded.world import World, command

SHOWN = {"CLOUDSDK_CORE_PROJECT": "p1", "CLOUDSDK_RUN_REGION": "europe-west1", "TERM": "dumb"}


class Gcloud:
    """The command, pointed at one platform by the exports that this prints.

    Args:
        platform: The platform.
    """

    def __init__(self, platform: World) -> None:
        """The shell evaluates what is printed; project and region are chosen beforehand."""
        self.platform = platform
        printed = command("env", "--gcloud", "--state", platform.state).stdout
        found = subprocess.run(
            ["sh", "-c", f"{printed}\nenv -0"],
            env={**os.environ, **SHOWN},
            capture_output=True,
            text=True,
            check=True,
        )
        self._environ = dict(line.split("=", 1) for line in found.stdout.split("\0") if line)

    def run(self, *words: object, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run it, and hand back how it ended; what is given goes to its standard input."""
        argv = ["gcloud", *map(str, words)]
        done = subprocess.run(
            argv, env=self._environ, input=given, capture_output=True, text=True, check=False, timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def done(self, *words: object, given: str = "") -> str:
        """Everything that it says when it succeeds."""
        ended = self.run(*words, given=given)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    def refused(self, *words: object, given: str = "") -> str:
        """What it says when it fails."""
        ended = self.run(*words, given=given)
        assert ended.returncode != 0, ended.stdout
        return ended.stderr

    def told(self, *words: object) -> Any:
        """What it tells as JSON."""
        ended = self.run(*words, "--format=json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)
