"""What the verification of a signed go costs, in CPU: ``python -m benchmarks.signed``.

What it is not: a rehearsal. A repository with a policy of three admins, a request and two votes is made in a
temporary folder; the gate is asked again and again, in turns with the floor: five bare verifications of
Ed25519, which no verifier can do without. Starting git to observe again what goes live is told apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relman.gates.approval import binding, observing, verifying
from tests.approval.council import Council

AIM = 0.005
"""Seconds of CPU for the whole gate with two votes, after import."""
SIGNATURES = 5


def main() -> int:
    """Measure, print, and say by the exit code whether the aim is met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=30)
    rounds = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, closing(Council(Path(folder, "repository"))) as council:
        council.open()
        council.agree()
        found = measured(council, rounds)
    for what, seconds in found.items():
        print(f"{what:<52} {seconds * 1000:6.2f} ms of CPU")
    return int(found["the whole gate"] > AIM)


def measured(council: Council, rounds: int) -> dict[str, float]:
    """The median of each contestant's turns."""
    asked, environ = council.question(), council.environ
    key = Ed25519PrivateKey.generate()
    made, public = key.sign(b"x" * 440), key.public_key()

    def floor() -> object:
        return [public.verify(made, b"x" * 440) for _ in range(SIGNATURES)]

    def git() -> object:
        known = observing.written(asked)
        return observing.authors(asked, known), observing.difference(asked, known)

    turns: dict[str, Callable[[], object]] = {
        "the floor: five bare verifications": floor,
        "the whole gate": lambda: verifying.judged(asked, environ=environ),
        "of it: git, asked who wrote what goes live": git,
        "of it: every bound fact": lambda: binding.differing(council.request, asked),
    }
    spent: dict[str, list[float]] = {what: [] for what in turns}
    for _ in range(rounds):
        for what, turn in turns.items():
            began = time.process_time()
            turn()
            spent[what].append(time.process_time() - began)
    return {what: median(each) for what, each in spent.items()}


if __name__ == "__main__":
    sys.exit(main())
