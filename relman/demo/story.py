"""What happens in the demonstration, in its order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from relman.clock import Clock
from relman.demo.client import Client
from relman.demo.stage import DemoFailed, Stage, built
from relman.render.pages import lasted, table

PUT_BACK = 4


def tell(environ: Mapping[str, str], clock: Clock) -> None:
    """Play it, on the terminal that this runs on.

    Args:
        environ: The process's environment variables.
        clock: Measures how long each part takes.

    Raises:
        DemoFailed: Something ended otherwise than it should.
        Unreachable: git or the platform cannot be started.
    """
    began = clock.now()
    print("A git repository and a platform of their own are made in a temporary folder …", flush=True)
    with built(environ) as stage:
        rows = [_part(clock, "first release", lambda: _first(stage))]
        with Client(json.loads(stage.ask("release.status --json"))["uri"]) as client:
            rows.append(_part(clock, "second release", lambda: _second(stage)))
            rows.append(_part(clock, "broken release", lambda: _broken(stage)))
            rows.append(_part(clock, "rollback", lambda: _rollback(stage)))
        stage.type("release.history")
    _summary(rows, client, (clock.now() - began).total_seconds())
    if client.lost:
        raise DemoFailed(f"{len(client.lost)} requests were lost", fact=", ".join(client.lost[:3]))


def _first(stage: Stage) -> str:
    _say("A service's first release: there is nothing to go back to yet, and the screen says so.")
    stage.commit("feat: open the shop")
    return _expect(stage, "release.cut", 0, "live, with no 0 % phase")


def _second(stage: Stage) -> str:
    _say("A feature: built, checked at 0 %, and shifted phase by phase, while a client keeps asking.")
    items = stage.repository / "items.json"
    found = json.loads(items.read_text(encoding="utf-8"))
    items.write_text(
        json.dumps([*found, {"id": "it_004", "name": "Sugar, 1 kg", "cents": 240}]), encoding="utf-8"
    )
    stage.commit("feat: sell sugar")
    return _expect(stage, "release.cut", 0, "live, through 20 and 50 %")


def _broken(stage: Stage) -> str:
    _say("A broken commit: its smoke check fails at 0 %, before any user sees it, and it is put back.")
    (stage.repository / "items.json").write_text('[{"id": "it_001", "name": "no price"}]', encoding="utf-8")
    stage.commit("fix: tidy the shelf")
    return _expect(stage, "release.cut", PUT_BACK, "stopped by smoke at 0 %, put back by itself")


def _rollback(stage: Stage) -> str:
    _say("Second thoughts about the second release: one command, no questions.")
    return _expect(stage, "release.rollback", 0, "back on the first release")


def _part(clock: Clock, name: str, play: Callable[[], str]) -> list[str]:
    began = clock.now()
    outcome = play()
    return [name, outcome, lasted((clock.now() - began).total_seconds())]


def _expect(stage: Stage, command: str, code: int, outcome: str) -> str:
    ended = stage.type(command)
    if ended != code:
        raise DemoFailed(f"inv {command} ended with {ended}", fact=f"{code} was expected", clears="inv demo")
    return outcome


def _say(sentence: str) -> None:
    print(f"\n── {sentence}", flush=True)


def _summary(rows: list[list[str]], client: Client, seconds: float) -> None:
    print(f"\n── What was seen, in {lasted(seconds)}\n")
    print(table(rows))
    served = [["served by", revision, f"{count} answers"] for revision, count in client.served.items()]
    asked, lost = client.served.total() + len(client.lost), len(client.lost)
    print(f"\nThe client asked {asked} times; {lost} requests were lost.")
    print(table(served))
    print(
        "\nNothing is left running. Where to look next:\n"
        "  README.md                          the way of a release\n"
        "  docs/concepts/way-of-a-release.md  the four lines of code that it goes through\n"
        "  inv platform.up                    a platform of your own to release on"
    )
