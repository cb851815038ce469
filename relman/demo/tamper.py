"""What happens in ``demo.tamper``, in its order: the threats of the contract, tried one by one.

What it is not: a proof that nothing else can be done. It shows that each of these is refused, now, here, by
the very commands that a team types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from relman.clock import Clock
from relman.demo import attempts
from relman.demo.attempts import Attempt
from relman.demo.cast import BEN, CLEO, ERIN, Cast, Said
from relman.demo.stage import DemoFailed, built
from relman.render.pages import lasted, table

TOGETHER = "feat: sell sugar\n\nCo-authored-by: Ana Ruiz <ana@demo.invalid>"
SHOWN = 150
"""How many characters of a refusal are shown."""


class Tried(Struct, frozen=True):
    """An attempt, and how it ended.

    Attributes:
        attempt: What was tried.
        said: What relman said.
    """

    attempt: Attempt
    said: Said

    @property
    def refused(self) -> bool:
        """Whether it ended as it should: with that code, and saying why."""
        return self.said.code == self.attempt.code and self.attempt.word in self.said.text

    @property
    def why(self) -> str:
        """The line that says why; the last one where none says what it should."""
        lines = [" ".join(line.split()) for line in self.said.text.splitlines() if line.strip()]
        found = next((line for line in lines if self.attempt.word in line), (lines or [""])[-1])
        at = max(0, found.find(self.attempt.word) - SHOWN // 3)
        return ("…" if at else "") + found[at : at + SHOWN] + ("…" if len(found) > at + SHOWN else "")


def tell(environ: Mapping[str, str], clock: Clock) -> None:
    """Play it, on the terminal that this runs on.

    Args:
        environ: The process's environment variables.
        clock: Measures how long it takes.

    Raises:
        DemoFailed: An attempt was not refused as it should be, or the good release does not ship.
        Unreachable: git, ssh-keygen or the platform cannot be started.
    """
    began = clock.now()
    print(
        "A team of four, with keys, a policy and a platform of their own, in a temporary folder …", flush=True
    )
    with built(environ) as stage:
        cast = Cast.gathered(stage, stage.repository.parent / "keys", clock)
        tried = _played(cast)
    _summary(tried, (clock.now() - began).total_seconds())
    if failed := [one for one in tried if not one.refused]:
        told = "; ".join(f"{one.attempt.threat}: {one.said.code}" for one in failed)
        raise DemoFailed(f"{len(failed)} attempts did not end as they should", fact=told)


def _played(cast: Cast) -> list[Tried]:
    """The four scenes."""
    _say("Erin and Ana prepare a release together; Ben, who is on call, says GO.")
    (cast.root / "sugar.txt").write_text("1 kg\n", "utf-8")
    cast.commit(TOGETHER)
    cast.must(ERIN, "release.prepare")
    cast.must(BEN, "checklist.sign", *cast.read(), "--item", "watching")
    cast.commit("chore: put it to the vote")
    tried = [*_each(cast, attempts.FIRST)]
    _say("Cleo, who stands in for Ana, has read it and says GO: it could ship.")
    cast.must(CLEO, "checklist.sign", *cast.read(), "--item", "difference-read", "--item", "customers-told")
    cast.commit("chore: two go")
    _shown(cast.must(ERIN, "checklist.verify"))
    tried += _each(cast, attempts.SECOND)
    _say("Ben withdraws his NO-GO by voting again.")
    cast.must(BEN, "checklist.sign", *cast.read(), "--item", "watching")
    cast.commit("chore: go again")
    tried += _each(cast, attempts.THIRD)
    _say("Ben rolls back what went past relman: that asks nobody. Then what two people signed ships.")
    cast.must(BEN, "release.rollback")
    _shown(cast.must(ERIN, "release.cut"))
    return [*tried, *_each(cast, attempts.LAST)]


def _each(cast: Cast, scene: Iterable[Attempt]) -> Iterable[Tried]:
    for attempt in scene:
        tried = Tried(attempt, attempt.play(cast))
        cast.restore()
        print(f"\n{attempt.threat}  {attempt.what}")
        print(f"     {tried.why}")
        print(f"     {_verdict(tried)}", flush=True)
        yield tried


def _verdict(tried: Tried) -> str:
    wanted = f", expected {tried.attempt.code} and {tried.attempt.word!r}"
    return f"exit {tried.said.code}" + ("" if tried.refused else f": NOT AS IT SHOULD BE{wanted}")


def _say(sentence: str) -> None:
    print(f"\n── {sentence}", flush=True)


def _shown(said: Said) -> None:
    print("   " + said.text.strip().splitlines()[-1].strip())


def _summary(tried: list[Tried], seconds: float) -> None:
    print(f"\n── What was tried, in {lasted(seconds)}\n")
    rows = [
        [
            one.attempt.threat,
            one.attempt.what,
            _outcome(one),
            one.attempt.later and f"later: {one.attempt.later}",
        ]
        for one in tried
    ]
    rows += [[threat, what, "not tried yet", ""] for threat, what in attempts.LATER.items()]
    print(table(sorted(rows, key=lambda row: row[0])))
    good = sum(one.refused for one in tried)
    print(
        f"\n{good} of {len(tried)} attempts were refused. What no signature stops: docs/concepts/go-no-go.md"
    )


def _outcome(one: Tried) -> str:
    return f"refused, {one.said.code}" if one.refused else f"NOT REFUSED, {one.said.code}"
