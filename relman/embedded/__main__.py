"""The embedded platform's command line: ``python -m relman.embedded serve|up|down|status|env|fault``.

What it is not: quick to grow. It reads arguments and prints; ``daemon`` does the work. Nothing of
Google's is imported unless the platform itself is to run in this process.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relman.embedded import daemon, exports, faulting, ports
from relman.embedded.daemon import Away, Broken, Locked, Taken
from relman.embedded.resources.faults import BadFault
from relman.embedded.resources.limits import Limits
from relman.embedded.runtime.isolation import Unusable
from relman.embedded.runtime.ladder import LADDER

AWAY, FAILED, USAGE = 69, 1, 2


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 failed, 2 usage, 69 the platform is down or its port is taken, 75
        another one runs there.
    """
    arguments = parser().parse_args(argv)
    state = Path(arguments.state).resolve()
    try:
        arguments.run(state, arguments)
    except (Away, Unusable) as error:
        lower = " --runtime plain" if isinstance(error, Unusable) else ""
        sys.stderr.write(f"{error}\n  next: {_starting(state, arguments)}{lower}\n")
        return AWAY
    except Taken as taken:
        other = f"{_starting(state, arguments)} --port {ports.free()}"
        sys.stderr.write(f"{taken}\n  next: {other}\n  clients then find it by its exports (env)\n")
        return daemon.TAKEN
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"{state} cannot be used: {error}\n")
        return FAILED
    except BadFault as bad:
        sys.stderr.write(f"{bad}\n")
        return USAGE
    except Broken as broken:
        sys.stderr.write(f"{broken}\n")
        return daemon.LOCKED if isinstance(broken, Locked) else FAILED
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m relman.embedded", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", "run the platform in the foreground, until SIGTERM or Ctrl-C", _serve)
    up = _command(commands, "up", "start the platform in the background and print its endpoint", _up)
    up.add_argument(
        "--monitoring-lag",
        type=_seconds,
        metavar="TIME",
        help="how long after its end a minute is visible in Cloud Monitoring, kept from then on, also of a"
        " platform that runs: 0s, 90s, 3m (at first 180s, Google's longest)",
    )
    for one in (serve, up):
        _add_settings(one)
    _command(commands, "down", "stop the platform and everything it runs; its state is kept", _down)
    status = _command(commands, "status", "say what runs", _status)
    status.add_argument("--json", action="store_true", help="for machines")
    _env_command(commands)
    faulting.words(commands, _command)
    return top


def _env_command(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    env = _command(commands, "env", "print the variables that point clients at the platform", _env)
    kinds = env.add_mutually_exclusive_group()
    kinds.add_argument("--gcloud", action="store_true", help="those that gcloud reads")
    kinds.add_argument("--node", action="store_true", help="for Node.js: also the options that clients need")
    kinds.add_argument("--unset", action="store_true", help="what takes all of them back")


def _add_settings(command: argparse.ArgumentParser) -> None:
    """How a platform is to be, from its start to its end."""
    command.add_argument(
        "--port", type=_port, default=0, help="where the APIs are (8085, or the one of last time)"
    )
    command.add_argument(
        "--faithful",
        action="store_true",
        help="reproduce what Google gets wrong: an unknown path in update_mask writes everything",
    )
    command.add_argument(
        "--runtime",
        choices=LADDER,
        default="",
        help="how revisions are kept apart: plain processes, bwrap's sandboxes, or as root runc's"
        " containers (plain, or the one of last time)",
    )
    command.add_argument(
        "--idle-after",
        type=_positive,
        default=Limits().idle_after,
        metavar="SECONDS",
        help="how long an instance above the minimum is kept without a request (900, as on Cloud Run)",
    )
    command.add_argument(
        "--most-instances",
        type=_positive,
        default=Limits().most,
        metavar="N",
        help="how many instances a revision has at most, whatever its own maximum (4)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def _command(
    commands: Any,  # noqa: ANN401 - argparse has no public name for it
    name: str,
    what: str,
    run: Callable[[Path, argparse.Namespace], None],
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    command.add_argument("--state", required=True, metavar="DIR", help="the folder that holds everything")
    # For a program that hands these commands through: what people type there to start the platform.
    command.add_argument("--hint", help=argparse.SUPPRESS)
    command.set_defaults(run=run)
    return command


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:  # noqa: PLR2004 - what a port can be
        raise argparse.ArgumentTypeError(f"{number} is no port")
    return number


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d{1,6})([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 0s, 90s, 3m")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _starting(state: Path, arguments: argparse.Namespace) -> str:
    """The command that starts the platform, as it can be typed."""
    return arguments.hint or shlex.join(["python", "-m", "relman.embedded", "up", "--state", str(state)])


def _serve(state: Path, arguments: argparse.Namespace) -> None:
    limits = Limits(arguments.idle_after, arguments.most_instances)
    daemon.serve(state, arguments.port, faithful=arguments.faithful, runtime=arguments.runtime, limits=limits)


def _up(state: Path, arguments: argparse.Namespace) -> None:
    flags = ["--idle-after", str(arguments.idle_after), "--most-instances", str(arguments.most_instances)]
    flags += ["--faithful"] if arguments.faithful else []
    endpoint = daemon.up(state, arguments.port, *flags, runtime=arguments.runtime)
    _tell_standing(state, arguments)
    faulting.remind(state)
    if arguments.monitoring_lag is not None:
        daemon.lag(state, arguments.monitoring_lag)
    wanted = arguments.port or ports.PREFERRED
    if not endpoint.endswith(f":{wanted}"):
        sys.stderr.write(
            f"this platform is not at port {wanted}; clients find it by its exports"
            " (env), or by the endpoint below\n"
        )
    _print(endpoint)


def _tell_standing(state: Path, arguments: argparse.Namespace) -> None:
    """Say what was asked for and cannot be had, because the platform runs already."""
    found = daemon.status(state)
    runs = found["runtime"]
    other = [f"runs revisions by {runs}"] if arguments.runtime not in {"", runs} else []
    other += ["is not faithful"] if arguments.faithful and not found["faithful"] else []
    for one in other:
        sys.stderr.write(f"this platform {one}; to change that, stop it (down) and start it again\n")


def _down(state: Path, _: argparse.Namespace) -> None:
    _print("stopped" if daemon.down(state) else "nothing ran")


def _status(state: Path, arguments: argparse.Namespace) -> None:
    found = daemon.status(state)
    _print(json.dumps(found, indent=2) if arguments.json else "\n".join(_lines(found)))


def _env(state: Path, arguments: argparse.Namespace) -> None:
    if arguments.unset:
        lines = exports.undone(state)
    elif arguments.gcloud:
        lines = exports.gcloud(daemon.endpoint(state), state)
    elif arguments.node:
        lines = exports.node(daemon.endpoint(state))
    else:
        lines = exports.python(daemon.endpoint(state))
    _print("\n".join(lines))


def _lines(found: dict[str, Any]) -> list[str]:
    late = f"figures   in Cloud Monitoring {found['monitoring_lag']} s after their minute"
    lines = [f"endpoint  {found['endpoint']}", late, f"runtime   {found['runtime']}"]
    lines += ["faithful  what Google gets wrong is got wrong here"] if found["faithful"] else []
    lines += [f"fault     {one['kind']}  {one['name']}" for one in found["faults"]]
    for service in found["services"]:
        lines.append(f"service   {service['name']}  {service['state']}  {service['url']}")
        for one in service["traffic"]:
            tag = f"  {one['tag']}  {one['url']}" if one["tag"] else ""
            lines.append(f"  traffic   {one['percent']:>3} %  {one['revision']}{tag}")
        for one in service["revisions"]:
            pid = f"  pid {' '.join(map(str, one['pids']))}" if one["pids"] else ""
            lines.append(f"  revision  {one['name']}  {one['state']}{pid}{_served(one)}")
            lines += [f"    {one['crash']}"] if one["crash"] else []
            lines += [f"    log  {one['log'].removeprefix('file://')}"] if one["state"] != "RETIRED" else []
    return lines


def _served(revision: dict[str, Any]) -> str:
    """What a revision did lately, if anything."""
    count, errors = revision["requests"], revision["server_errors"]
    return f"  {count} requests in the last hour, {errors} of them 5xx" if count else ""


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
