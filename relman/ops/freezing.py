"""Freezes and emergency stops as they are asked for: what is recorded, and what is refused.

What it is not: what they close (``closures``). A freeze takes effect at once, by an entry of the
ledger; what loosens is an entry too, with who did it. What a file says only a reviewed change of
the file can take back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from relman.clock import stamp
from relman.config import Config
from relman.config.words import LocalMoment, Text, Zone
from relman.errors import Refused, UsageError
from relman.ledger import Draft, Entry
from relman.models import ServiceKey, listed
from relman.ops import closures
from relman.ops.closures import Closure
from relman.ops.spans import FOREVER

SHOW = "inv window.show"


class Wish(Struct, frozen=True, kw_only=True):
    """What a person asks for, in their own words.

    Attributes:
        since: A date or a local date-time; empty: at once.
        to: A date, which is included, or a local date-time, which is not; empty: until further notice.
        reason: Why.
        stop: An emergency stop instead of a freeze.
    """

    since: str = ""
    to: str = ""
    reason: str = ""
    stop: bool = False


def begin(wish: Wish, key: ServiceKey, environment: str, *, zone: Zone, now: datetime) -> Draft:
    """The entry that freezes or stops.

    Args:
        wish: What is asked for.
        key: The service, or TEAM for all.
        environment: Its environment, empty for all.
        zone: In which local times are read.
        now: The present.

    Raises:
        UsageError: A time cannot be read, there is no reason, or nothing would be closed any more.
    """
    since, to, reason = _moment("--from", wish.since), _moment("--to", wish.to), _reason(wish.reason)
    begins = zone.instant(since.first) if since else now
    ends = zone.instant(to.last) if to else FOREVER
    if ends <= max(begins, now.astimezone(UTC)):
        until = f"to {wish.to}" if wish.to else "on"
        told = f"from {wish.since or 'now'} {until} {zone} is {'over' if ends <= now else 'no time'}"
        raise UsageError("that freezes nothing", fact=told)
    kind = "window.stopped" if wish.stop else "window.frozen"
    said = {"from": since and str(since), "to": to and str(to), "tz": str(zone), "reason": reason}
    return Draft(kind, key, environment, detail={name: value for name, value in said.items() if value})


def lift(entries: Sequence[Entry], name: str, reason: str, *, config: Config, now: datetime) -> Draft:
    """The entry that takes a freeze or stop back.

    Args:
        entries: The whole ledger.
        name: As ``window.show`` tells it: ``f17``, ``s18``.
        reason: Why.
        config: For what stands in the file and can be taken back only there.
        now: The present.

    Raises:
        UsageError: There is no name or no reason.
        Refused: It stands in relman.toml; or there is no such one, or it is over.
    """
    why, ledgers = _reason(reason), closures.recorded(entries)
    begun = next((one for one in entries if one.kind in closures.BEGUN and closures.named(one) == name), None)
    if begun is None:
        raise _unknown(name, [one for one in ledgers if one.span.end > now.astimezone(UTC)], config)
    closure = next((one for one in ledgers if one.id == name), None)
    if closure is None or closure.span.end <= now.astimezone(UTC):
        raise Refused(f"{name} is over already", fact=_over(entries, name, closure), clears=SHOW)
    kind = "window.resumed" if closure.kind == "stop" else "window.thawed"
    return Draft(kind, begun.key, begun.environment, detail={"id": name, "reason": why})


def _unknown(name: str, here: Sequence[Closure], config: Config) -> Refused | UsageError:
    """Why there is nothing of that name to lift: it stands in the file, or nowhere."""
    named = {closures.place(one, config.source): one for one in _written(config)}
    dated = {part: one for one in named.values() for part in one.written.split() if part[:1].isdigit()}
    if found := named.get(name) or dated.get(name):
        return Refused(
            "no command can thaw what relman.toml says",
            fact=f"{found.text} stands in {closures.place(found, config.source)}",
            clears="change that line, and have the change reviewed",
        )
    told = listed(f"{one.id} ({one.reason})" for one in here) if here else "nothing is frozen or stopped"
    if name:
        return Refused(f"there is no freeze {name}", fact=told, clears=SHOW)
    return UsageError("which freeze is meant", fact=told, clears="say --id")


def _written(config: Config) -> tuple[Closure, ...]:
    return tuple(closures.written(config.window)) if config.window else ()


def _over(entries: Sequence[Entry], name: str, closure: Closure | None) -> str:
    """Who lifted it, or when it ended by itself."""
    lifted = [one for one in entries if one.kind in closures.ENDED and one.detail.get("id") == name]
    if lifted:
        return f"{lifted[0].actor} lifted it at {stamp(lifted[0].at)}: {lifted[0].detail.get('reason', '')}"
    return f"it ended at {stamp(closure.span.end)}" if closure else "it closed nothing"


def _moment(flag: str, text: str) -> LocalMoment | None:
    try:
        return LocalMoment(text) if text else None
    except ValueError as error:
        raise UsageError(f"{flag} cannot be read", fact=str(error)) from None


def _reason(text: str) -> str:
    if not Text.fits(text):
        raise UsageError("a reason is needed", fact="it is recorded and told", clears='say --reason "…"')
    return " ".join(text.split())
