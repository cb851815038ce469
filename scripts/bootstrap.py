"""Make ``.venv`` from ``requirements.lock``: what ``./inv`` runs when there is none, or an old one.

What it is not: a package manager. It installs exactly what the lock names, by hash, with what is
at hand: uv, or the interpreter's own venv and pip, or a pip that the system brings.

Only the standard library, and nothing of relman: this file runs before anything is installed.

What holds, whenever it is killed and however many of it run at once:

1. One set-up at a time. The lock on ``.venv.lock`` belongs to processes (``flock``), so the kernel
   frees it. The installer inherits it: if only this file is killed, the next run waits for the rest.
2. Whoever waited looks again before it builds.
3. ``.venv/.relman-lock``, a copy of the lock, says "complete". It is written last, by rename.
4. The old ``.venv`` is set aside and comes back if the new one cannot be made, so that somebody who
   must roll back now, with the registry away, still can.

Exit codes: 0 done · 7 a package is not what the lock says · 69 something needed is missing ·
130 interrupted.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

MISLEADING = (
    *("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"),
    *(
        "PIP_CONSTRAINT",
        "PIP_NO_BINARY",
        "PIP_PREFIX",
        "PIP_PYTHON",
        "PIP_REQUIREMENT",
        "PIP_ROOT",
        "PIP_TARGET",
    ),
    *("UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_NO_BINARY", "UV_OVERRIDE", "UV_PYTHON", "UV_SYSTEM_PYTHON"),
)
"""Settings of the caller that would send the packages elsewhere, or ask for others.

How the registry is reached stays the caller's: where a package comes from is the hash's business.
"""

QUIETLY = ("-qq", "--no-input", "--disable-pip-version-check")

BY_HASH = ("--no-deps", "--only-binary", ":all:", "--require-hashes")
"""These wheels and no others; building one would fetch its build tools, and those have no hash."""

NO_VENV = (
    "this Python cannot make an environment",
    "sudo apt install python3-venv, or RELMAN_PYTHON=/path/to/python3, or put uv on the PATH",
)
NO_PACKAGES = (
    "the packages of requirements.lock cannot be had",
    "check the network and the package registry (PIP_INDEX_URL, proxy), and run it again",
)
NO_ROOM = ("the disk is full", "free about 400 MB, and run it again")
FORGERY = (
    "a package is not what requirements.lock says; it was not installed",
    "do not go on; find out who changed the lock or the package (git log requirements.lock)",
)
"""What can go wrong, and what to do then."""

RETRY = re.compile(r"Retry\(total=[1-9]")
"""pip's warnings before its last attempt."""

FORGED = ("DO NOT MATCH THE HASHES", "Hash mismatch for")
"""How pip and uv say that a package is not what the lock says."""

FULL = ("No space left on device", "Disk quota exceeded")


class Checkout(NamedTuple):
    """The files that this is about, all in one folder."""

    root: Path

    @property
    def lock(self) -> Path:
        """What is to be installed, by hash."""
        return self.root / "requirements.lock"

    @property
    def venv(self) -> Path:
        """Where it is installed."""
        return self.root / ".venv"

    @property
    def old(self) -> Path:
        """The former ``.venv``, while a new one is made."""
        return self.root / ".venv.old"

    @property
    def stamp(self) -> Path:
        """A copy of the lock that was installed completely."""
        return self.venv / ".relman-lock"

    @property
    def python(self) -> Path:
        """The interpreter of the ``.venv``."""
        return self.venv / "bin" / "python"

    def is_current(self) -> bool:
        """Is what is installed what the lock names, and does its interpreter still exist?"""
        return (
            self.python.exists()
            and self.stamp.is_file()
            and self.stamp.read_bytes() == self.lock.read_bytes()
        )


class SetupError(Exception):
    """The set-up cannot go on; ``code`` is what the shell is told."""

    def __init__(self, message: str, code: int = 69) -> None:
        """Keep the sentence and the exit code."""
        super().__init__(message)
        self.code = code


def main() -> int:
    """Set up, and say in one line why not."""
    checkout = Checkout(Path(__file__).resolve().parents[1])
    try:
        with alone(checkout.root / ".venv.lock") as lock:
            if not checkout.is_current():
                renew(checkout, lock)
    except SetupError as error:
        return refuse(str(error), error.code, checkout)
    except OSError as error:
        return refuse(f"cannot set up {checkout.venv}: {error}", 69, checkout)
    except KeyboardInterrupt:
        say("interrupted; the next run starts over")
        return 130
    return 0


def refuse(why: str, code: int, checkout: Checkout) -> int:
    """Say why not, and what still works."""
    say(why)
    if checkout.stamp.is_file():
        say(f"the former set-up still works: {checkout.python} -P -m relman ...")
    return code


@contextlib.contextmanager
def alone(path: Path) -> Iterator[IO[bytes]]:
    """Hold the lock file; wait, and say so, while another process does."""
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is setting up .venv; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def renew(checkout: Checkout, lock: IO[bytes]) -> None:
    """Build the ``.venv`` anew, and bring the old one back if that fails."""
    say("setting up .venv from requirements.lock, once; this takes about 20 seconds ...")
    started = time.monotonic()
    set_aside(checkout)
    try:
        build(checkout, lock)
    except BaseException:
        bring_back(checkout)
        raise
    shutil.rmtree(checkout.old, ignore_errors=True)
    say(f"ready after {time.monotonic() - started:.0f} s")


def set_aside(checkout: Checkout) -> None:
    """Move a complete ``.venv`` out of the way; what a killed run left is deleted."""
    if checkout.stamp.is_file():
        shutil.rmtree(checkout.old, ignore_errors=True)
        checkout.venv.rename(checkout.old)
    elif checkout.venv.exists():
        shutil.rmtree(checkout.venv)


def bring_back(checkout: Checkout) -> None:
    """Put the ``.venv`` that was set aside back."""
    if checkout.venv.exists():
        shutil.rmtree(checkout.venv, ignore_errors=True)
    if checkout.old.exists():
        checkout.old.rename(checkout.venv)


def build(checkout: Checkout, lock: IO[bytes]) -> None:
    """Make the environment, fill it, and stamp it."""
    python = str(checkout.python)
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--no-project", "--python", interpreter()]
        fill = [uv, "pip", "install", "--python", python, "--compile-bytecode"]
    elif brings_pip():
        make = [interpreter(), "-I", "-m", "venv"]
        fill = [python, "-I", "-m", "pip", "install", *QUIETLY]
    else:
        make = [interpreter(), "-I", "-m", "venv", "--without-pip"]
        fill = [*system_pip(), "--python", python, "install", *QUIETLY]
    run([*make, str(checkout.venv)], lock, NO_VENV)
    run([*fill, *BY_HASH, "-r", str(checkout.lock)], lock, NO_PACKAGES)
    finish(checkout)


def interpreter() -> str:
    """This interpreter by its own path: a link to ``python3`` may mean another version tomorrow."""
    return os.path.realpath(sys.executable)


def brings_pip() -> bool:
    """Can ``venv`` put pip into the environment? Debian ships that half as a package of its own."""
    try:
        import ensurepip
    except ImportError:
        return False
    return hasattr(ensurepip, "bootstrap")  # an empty folder of that name imports, too


def system_pip() -> list[str]:
    """A pip outside the environment, which can install into it.

    Raises:
        SetupError: There is none.
    """
    try:
        found = importlib.util.find_spec("pip.__main__")
    except ModuleNotFoundError:
        found = None
    if not found:
        what, clears = NO_VENV
        raise SetupError(f"{what}: {interpreter()} has no pip\n  next: {clears}")
    return [interpreter(), "-I", "-m", "pip"]


def run(command: list[str], lock: IO[bytes], otherwise: tuple[str, str]) -> None:
    """Run one step of the set-up; it holds the lock with us for as long as it lives.

    Raises:
        SetupError: It failed; the message says of what kind.
    """
    done = subprocess.run(
        command,
        env=environment(),
        pass_fds=[lock.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise failure(done.stdout, *otherwise)


def environment() -> dict[str, str]:
    """The caller's environment without what would mislead an installer."""
    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    return {**kept, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def failure(output: str, what: str, clears: str) -> SetupError:
    """What an installer printed, as one error that says what to do."""
    code = 69
    if any(sign in output for sign in FORGED):
        (what, clears), code = FORGERY, 7
    elif any(sign in output for sign in FULL):
        what, clears = NO_ROOM
    lines = [line for line in output.strip().splitlines() if not RETRY.search(line)]
    said = "\n".join(f"  | {line}" for line in lines[-9:])
    return SetupError(f"{what}\n{said}\n  next: {clears}", code)


def finish(checkout: Checkout) -> None:
    """Make this checkout importable from anywhere, then stamp the environment as complete."""
    site = next(checkout.venv.glob("lib/python3*/site-packages"))
    # Relative to itself, so that a moved checkout goes on working.
    (site / "relman.pth").write_text("../../../..\n")
    fresh = checkout.stamp.with_suffix(".new")
    shutil.copyfile(checkout.lock, fresh)
    fresh.replace(checkout.stamp)


def say(text: str) -> None:
    """One line for the person who waits; stdout belongs to the task."""
    print(f"inv: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
