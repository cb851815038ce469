"""How long a rollback takes, against a bare process that sends one PATCH: ``python -m benchmarks.rollback``.

What it is not: a rehearsal on Google. The platform is the embedded one, so what is measured is relman.

In turns: the bare process shifts all traffic to the newer release, relman rolls it back. A user who asks
all the while tells when the older one answers again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from threading import Thread
from urllib.parse import urlsplit

from benchmarks.interleaved import medians, seconds
from relman.demo.stage import Stage, built

ROOT = Path(__file__).resolve().parents[1]
PATCH = """\
import http.client, sys
host, path, body = sys.argv[1:]
connection = http.client.HTTPConnection(host)
connection.request("PATCH", path, body, {"Content-Type": "application/json"})
sys.exit(connection.getresponse().status != 200)
"""
FLOOR, START, PROVEN = (
    "one PATCH by a bare Python process",
    "interpreter and Invoke",
    "relman release.rollback, proven",
)
WATCH = 1.0
"""Seconds for which a rollback watches, on loopback, whether the traffic holds ([platform] doubt)."""


@dataclass
class Shop:
    """A service with two releases, the newer of which serves.

    Attributes:
        older: The revision that a rollback goes to.
        newer: The revision that it leaves.
        back: Seconds from the start of each rollback until a user was answered by ``older``.
    """

    stage: Stage
    host: str
    url: str
    older: str
    newer: str
    back: list[float]

    def patch(self) -> float:
        """The floor: one PATCH from a process of its own."""
        name = "projects/acme/locations/europe-west1/services/hello"
        target = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": self.newer, "percent": 100}
        path, body = f"/v2/{name}?updateMask=traffic", json.dumps({"name": name, "traffic": [target]})
        took = seconds([sys.executable, "-c", PATCH, self.host, path, body], ROOT, os.environ)
        self.wait_for(self.newer)
        return took

    def rollback(self) -> float:
        """``relman release.rollback``, and a user meanwhile."""
        began = time.perf_counter()
        user = Thread(target=lambda: self.back.append(self.wait_for(self.older) - began))
        user.start()
        took = seconds([sys.executable, "-m", "relman", "release.rollback"], *self.where)
        user.join()
        return took

    def start(self) -> float:
        """Interpreter and Invoke, and nothing done."""
        return seconds([sys.executable, "-m", "relman", "--list"], *self.where)

    @property
    def where(self) -> tuple[Path, dict[str, str]]:
        """In the repository, with the platform in the environment."""
        return self.stage.repository, dict(self.stage.environ)

    def wait_for(self, revision: str) -> float:
        """Ask until ``revision`` answers; when that was."""
        while asked(self.url) != revision:
            time.sleep(0.005)
        return time.perf_counter()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with built(os.environ | {"PYTHONPATH": str(ROOT)}) as stage:
        shop = opened(stage)
        turns: dict[str, Callable[[], float]] = {
            FLOOR: shop.patch,
            START: shop.start,
            PROVEN: shop.rollback,
        }
        found = medians(turns, rounds)
    told(found, median(shop.back[-rounds:]), rounds)


def opened(stage: Stage) -> Shop:
    """Two releases, quickly."""
    config = stage.repository / "relman.toml"
    config.write_text(config.read_text("utf-8").replace('bake = "4s"', 'bake = "100ms"'), "utf-8")
    older, newer = released(stage, "feat: open"), released(stage, "feat: sell more")
    host, url = (
        stage.environ["CLOUD_RUN_EMULATOR_HOST"],
        json.loads(stage.ask("release.status --json"))["uri"],
    )
    return Shop(stage, host, url, older, newer, [])


def released(stage: Stage, subject: str) -> str:
    """Commit something and release it; the revision that serves then."""
    (stage.repository / "subject").write_text(subject, "utf-8")
    stage.commit(subject)
    stage.ask("release.cut")
    return str(json.loads(stage.ask("release.status --json"))["traffic"][0]["revision"])


def asked(url: str) -> str:
    """Which revision answers."""
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("GET", "/version")
        answer = connection.getresponse()
        answer.read()
        return str(answer.headers["x-revision"])
    finally:
        connection.close()


def told(found: dict[str, float], back: float, rounds: int) -> None:
    """Print what was measured, and the ratios."""
    for name, took in (*found.items(), ("  until a user was on it", back)):
        print(f"{name:38} {took * 1000:6.0f} ms")
    least = found[FLOOR] + found[START]
    print(f"{'ratio until a user was on it':38} {back / least:6.2f}     (to PATCH + interpreter and Invoke)")
    print(f"{'ratio proven, less the watch of 1 s':38} {(found[PROVEN] - WATCH) / least:6.2f}")
    print(f"medians of {rounds} rounds")


if __name__ == "__main__":
    main()
