"""Faults from outside: the client of ``/faults``, and the words ``fault add|list|clear`` of the command line.

What it is not: a fault. Nothing of Google's is imported, so that asking is quick.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from relman.embedded import daemon
from relman.embedded.resources.faults import KINDS, PARAMETERS, BadFault, Fault, fault_of

ANSWER_S = 30.0
NUMBERS: Mapping[str, type] = {"nth": int, "times": int, "seed": int, "status": int, "rate": float}
HELP = {
    "method": "API method, such as UpdateService; by default each that the kind is about",
    "service": "service, by its id or its full name; by default each",
    "revision": "revision, by its id or its full name; by default each",
    "path": "only requests whose path begins with this; may be repeated",
    "nth": "the first of the matching calls that is struck (1)",
    "times": "how many are struck; by default all until the fault is cleared",
    "rate": "percent of the matching calls that are struck, exact per hundred (100)",
    "seed": "which of them: the same seed strikes the same ones (0)",
    "latency": "a time, like 500ms, 2s or 10m",
    "code": "canonical code, such as ABORTED (INTERNAL)",
    "status": "HTTP status of a failure (500)",
    "change": "made or dropped (made)",
    "when": "before or after (before)",
    "to": "revision that the second writer sends all traffic to; by default it writes an annotation",
    "image": "name:tag or name@sha256:…",
    "offset": "how far the clock is ahead, like 2h; behind: --offset=-2h",
    "at": "the time that the clock stands still at, like 2026-11-25T10:00:00Z",
}
Command = Callable[[Any, str, str, Callable[[Path, argparse.Namespace], None]], argparse.ArgumentParser]


def add(endpoint: str, fault: Mapping[str, Any]) -> dict[str, Any]:
    """Let a fault stand from now on.

    Args:
        endpoint: Where the platform answers.
        fault: The fields of ``Fault``; durations may be texts, ``at`` a time or a text.

    Returns:
        It, with its name and its counts.

    Raises:
        BadFault: The platform says that it is none.
        Away: It does not answer.
        Broken: It could not keep it, for want of space say.
    """
    return _asked(endpoint, "POST", "/faults", msgspec.json.encode(fault))


def standing(endpoint: str) -> list[dict[str, Any]]:
    """Every fault that stands, oldest first, with its counts.

    Raises:
        Away: The platform does not answer.
    """
    found: list[dict[str, Any]] = _asked(endpoint, "GET", "/faults")["faults"]
    return found


def clear(endpoint: str, name: str = "") -> list[dict[str, Any]]:
    """Let one fault or all stand no more; those that did, with their counts.

    Raises:
        BadFault: There is none of this name.
        Away: The platform does not answer.
    """
    path = f"/faults/{quote(name, safe='')}" if name else "/faults"
    found: list[dict[str, Any]] = _asked(endpoint, "DELETE", path)["cleared"]
    return found


def words(commands: Any, command: Command) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add the words to a command line."""
    about = "make something fail on demand, to see what others make of it"
    fault = commands.add_parser("fault", help=about, description=about)
    verbs = fault.add_subparsers(required=True, metavar="add|list|clear")
    adding = command(verbs, "add", "let a fault stand from now on", _add)
    adding.formatter_class = argparse.RawDescriptionHelpFormatter
    adding.epilog = "kinds:\n" + "\n".join(f"  {name:<16} {kind.about}" for name, kind in KINDS.items())
    adding.add_argument("--kind", required=True, help="what goes wrong; see below")
    adding.add_argument("--name", default="", help="what it is cleared by; by default one is made up")
    for name in PARAMETERS:
        several = {"action": "append"} if name == "path" else {"type": NUMBERS.get(name, str)}
        adding.add_argument(f"--{name}", help=HELP[name].replace("%", "%%"), **several)
    command(verbs, "list", "say which faults stand, and how often each has struck", _list)
    clearing = command(verbs, "clear", "let one fault or all stand no more", _clear)
    clearing.add_argument("--name", default="", help="which; by default all")


def remind(state: Path) -> None:
    """Say on standard error which faults still stand, so that nobody looks for another reason."""
    found = [f"{one['name']} ({one['kind']})" for one in daemon.status(state)["faults"]]
    if found:
        sys.stderr.write(
            f"faults on demand stand: {', '.join(found)}; they end when they are cleared (fault)\n"
        )


def spelled(fault: Mapping[str, Any]) -> str:
    """A listed fault on one line, as it would be typed, with its counts where it has any."""
    flags = [flag for key in PARAMETERS if key in fault for flag in _typed(key, fault[key])]
    line = f"{fault['name']}  {fault['kind']}  {shlex.join(flags)}".rstrip()
    counted = "nth" in KINDS[fault["kind"]].takes
    spent = ", spent" if 0 < fault.get("times", 0) <= fault["struck"] else ""
    return f"{line}  (seen {fault['seen']}, struck {fault['struck']}{spent})" if counted else line


def _typed(key: str, value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    if key in {"latency", "offset"}:
        return [f"--{key}={value:g}s"]
    values = value if isinstance(value, list) else [value]
    return [f"--{key}={one:g}" if isinstance(one, float) else f"--{key}={one}" for one in values]


def _add(state: Path, arguments: argparse.Namespace) -> None:
    known = ((name, getattr(arguments, name)) for name in Fault.__struct_fields__)
    given = {name: value for name, value in known if value is not None}
    fault_of(given)  # what makes no sense is told whether a platform runs or not
    _print(spelled(add(daemon.endpoint(state), given)))


def _list(state: Path, _: argparse.Namespace) -> None:
    _print("\n".join(map(spelled, standing(daemon.endpoint(state)))) or "no faults")


def _clear(state: Path, arguments: argparse.Namespace) -> None:
    cleared = clear(daemon.endpoint(state), arguments.name)
    _print("\n".join(f"cleared {spelled(one)}" for one in cleared) or "no faults")


def _asked(endpoint: str, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=ANSWER_S)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise daemon.Away(f"the platform at {endpoint} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise daemon.Broken(f"the platform at {endpoint} broke: its platform.log says why")
    if answer.status != HTTPStatus.OK:
        raise BadFault(str(found.get("error", found)))
    return found


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
