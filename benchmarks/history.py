"""What versions and notes cost on a long history, side by side: ``python -m benchmarks.history``.

What it is not: a judge of what is said; the suites are. Two questions are asked of one repository that is
made for it, the same bytes each time: the next version with its notes, and the notes over all tags. Who
answers, in turns: relman, by Invoke and by its console command; ``git log`` with the same fields, the floor;
an interpreter that starts Invoke; and with ``--peers`` the tools that others use. Then a repository of a
tenth of the size, which shows what grows with the history, and one of hostile messages.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.generated import Size, generated, hostile
from benchmarks.interleaved import turns
from benchmarks.peers import PEERS, asked, installed, surroundings
from benchmarks.weighed import Weight, weighed
from benchmarks.wording import HOSTILE

ROOT = Path(__file__).resolve().parents[1]
FACTOR = 1.3
"""Of git's floor and the start of interpreter and Invoke together: the aim."""
SLOW = 5.0
"""Seconds of CPU from which one turn says enough."""
MB = 1_000_000
MOST_MEMORY = 90 * MB
GROWTH = 1.2
HOSTILE_SECONDS = 1.0

FIELDS = "%x00%H%x00%P%x00%an%x00%ae%x00%ct%x00%B"
GIT, START, TASK, CONSOLE = "git log, the same fields", "interpreter and Invoke", "inv", "relman"
HELLO = 'from invoke import task\n\n\n@task\ndef hello(c):\n    """Say hello."""\n'


class Question(NamedTuple):
    """What is asked.

    Attributes:
        title: In words.
        words: What relman is told.
        span: What git is told, in terms of the last tag.
        most: Seconds that the answer may take through Invoke, on a machine that is idle.
    """

    title: str
    words: tuple[str, ...]
    span: str
    most: float


SINCE = Question(
    "next version and notes since the last tag", ("release.version", "release.notes"), "{last}..HEAD", 0.35
)
ALL = Question("notes over all tags", ("release.notes", "--all"), "HEAD", 2.5)


class Place(NamedTuple):
    """Where it is asked.

    Attributes:
        repository: A git repository.
        last: Its last tag.
        hello: A folder with a ``tasks.py`` of one task.
        peers: Where the peers are installed; None without them.
        limit: Seconds that a command may take.
    """

    repository: Path
    last: str
    hello: Path
    peers: Path | None
    limit: float


class Contestant(NamedTuple):
    """Who answers: a command, where it runs, and how long it may take."""

    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    limit: float

    def timed(self) -> Weight | None:
        """Answer; None if that took over the limit."""
        return weighed(*self)

    def looked(self) -> Weight | None:
        """Answer, with all memory looked at."""
        return weighed(*self, looking=True)


def main() -> int:
    """Measure, print, and judge.

    Returns:
        0 if every aim is met, else 1.
    """
    said = parsed()
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        place = Path(folder)
        hello, peers = place / "hello", Path(said.peers) if said.peers else None
        hello.mkdir()
        (hello / "tasks.py").write_text(HELLO, "utf-8")
        if peers:
            print(", ".join(" ".join(one) for one in installed(peers).items()))
        made = partial(_place, hello=hello, peers=peers, limit=said.limit)
        size = Size(said.commits, said.tags)
        big = made(place / "big", partial(generated, size=size), f"{said.commits} commits, {said.tags} tags")
        tenth = Size(size.commits // 10, size.tags // 10)
        small = made(place / "small", partial(generated, size=tenth), "a tenth of it")
        nasty = made(place / "nasty", hostile, f"{len(HOSTILE)} hostile messages")
        met = [answered(big, question, said.rounds) for question in (SINCE, ALL)]
        met += [grown(small, big), hurt(nasty)]
    print(f"medians of {said.rounds} rounds; one where it took over {SLOW:.0f} s of CPU")
    return int(not all(met))


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=500)
    parser.add_argument("--limit", type=float, default=60, help="seconds that anybody may take")
    parser.add_argument("--peers", metavar="FOLDER", help="install the peers there, and measure them")
    return parser.parse_args()


def _place(
    repository: Path,
    make: Callable[[Path], str],
    title: str,
    *,
    hello: Path,
    peers: Path | None,
    limit: float,
) -> Place:
    """Make a repository, and say which it is."""
    print(f"{title}: {make(repository)}")
    return Place(repository, _git(repository, "describe", "--tags", "--abbrev=0"), hello, peers, limit)


def answered(place: Place, question: Question, rounds: int) -> bool:
    """Ask everybody one question; whether relman met its aims."""
    found = measured(dict(contestants(place, question)), rounds)
    floor = found[GIT], found[START]
    least = sum(one.wall for one in floor if one)
    print(f"\n{question.title:44} {'wall':>9} {'CPU':>9} {'largest':>8} {'tree':>8}  of floor + start")
    for name, took in found.items():
        print(f"{name:44} " + (_row(took, least) if took else f"over {place.limit:.0f} s"))
    return all([_judged(*aim) for aim in aims(found, least, question)])  # noqa: C419 - each is told


def aims(
    found: Mapping[str, Weight | None], least: float, question: Question
) -> Iterator[tuple[str, float, float]]:
    """What is aimed at, as (words, what is, what it may be)."""
    task = found[TASK]
    if task is None:
        yield "an answer at all", 1, 0
        return
    yield f"of git's floor and the start, at most {FACTOR}", task.wall / least, FACTOR
    yield f"seconds, at most {question.most}", task.wall, question.most
    yield f"MB in its largest process, at most {MOST_MEMORY / MB:.0f}", task.largest / MB, MOST_MEMORY / MB
    for peer in PEERS:
        if peer.beaten and (took := found.get(peer.name)):
            yield f"of {peer.name}, less than 1", task.wall / took.wall, 1


def contestants(place: Place, question: Question) -> Iterator[tuple[str, Contestant]]:
    """Who answers."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling anew each time is not what people do
    here, python = place.repository, [sys.executable, "-m"]
    log = f"git log -z --format={FIELDS} {question.span.format(last=place.last)}"
    floor = ["sh", "-c", f"git for-each-ref refs/tags && exec {log}"]
    yield GIT, Contestant(floor, here, environ, place.limit)
    yield START, Contestant([*python, "invoke", "hello"], place.hello, environ, place.limit)
    yield TASK, Contestant([*python, "invoke", *question.words], here, environ, place.limit)
    yield CONSOLE, Contestant([*python, "relman", *question.words], here, environ, place.limit)
    for peer in PEERS if place.peers else ():
        line = peer.since if question is SINCE else peer.everything
        if place.peers and line:
            command = asked(line, place.peers, place.last)
            yield peer.name, Contestant(command, here, surroundings(peer, place.peers), place.limit)


def measured(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, Weight | None]:
    """Each one's medians; who is slow has had its turn when its memory was looked at."""
    first = {name: one.looked() for name, one in contestants.items()}
    quick = {name: contestants[name].timed for name, took in first.items() if took and took.cpu < SLOW}
    timed = turns(quick, rounds)
    return {name: _median(took, timed.get(name, [])) for name, took in first.items()}


def grown(small: Place, big: Place) -> bool:
    """Print what relman holds on both repositories, without git's part; whether it is about the same."""
    print(f"\n{'on a tenth of the history, and on all of it':44} {'relman itself':>17} {'with git':>17}")
    met = []
    for question in (SINCE, ALL):
        less, more = (dict(contestants(place, question))[TASK].looked() for place in (small, big))
        if less is None or more is None:
            return False
        row = (
            f"{a / MB:5.0f} to {b / MB:5.0f} MB" for a, b in ((less.own, more.own), (less.tree, more.tree))
        )
        print(f"{question.title:44} " + "  ".join(row))
        met.append(_judged(f"times as much, at most {GROWTH}", more.own / less.own, GROWTH))
    return all(met)


def hurt(place: Place) -> bool:
    """Print how long the notes of the slowest hostile message take; whether that is short."""
    hashes = _git(place.repository, "rev-list", "--reverse", f"{place.last}..HEAD").split()
    took = {name: _told(place, commit) for name, commit in zip(HOSTILE, hashes, strict=True)}
    slowest = max(took, key=lambda name: took[name])
    print(f"\nthe slowest of {len(HOSTILE)} hostile messages: {slowest}")
    return _judged(f"seconds, at most {HOSTILE_SECONDS}", took[slowest], HOSTILE_SECONDS)


def _told(place: Place, commit: str) -> float:
    """Seconds that the notes of one commit take."""
    span = ("--from", f"{commit}^", "--to", commit)
    question = Question("one commit", ("release.notes", *span), "HEAD", HOSTILE_SECONDS)
    took = dict(contestants(place, question))[TASK].timed()
    return took.wall if took else place.limit


def _git(folder: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def _median(looked: Weight | None, timed: Sequence[Weight | None]) -> Weight | None:
    """The medians of the turns, with the memory of the one that was looked at."""
    counted = [one for one in timed if one]
    if not looked or not counted:
        return looked
    return looked._replace(wall=median(one.wall for one in counted), cpu=median(one.cpu for one in counted))


def _row(took: Weight, least: float) -> str:
    """A line of the table."""
    sizes = " ".join(f"{size / MB:5.0f} MB" for size in (took.largest, took.tree))
    return f"{took.wall:7.2f} s {took.cpu:7.2f} s {sizes} {took.wall / least:8.2f}"


def _judged(words: str, found: float, most: float) -> bool:
    """Print what was aimed at, and what is; whether that is met."""
    met = found <= most
    print(f"  {'yes' if met else 'NO':4}{found:8.2f} {words}")
    return met


if __name__ == "__main__":
    sys.exit(main())
