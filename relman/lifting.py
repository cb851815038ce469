"""A team lifts a gate: the one who cuts signs, somebody else agrees, and then it is recorded (ruling 3).

What it is not: the judge of the two signatures (``gates.approval.breakglass``), or what an override does
(``gates.lifting``). Smoke, sign-off and the way back never come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct

from relman.approval import lifting as shelf
from relman.approval.folder import Paper
from relman.driving import Driver
from relman.errors import Refused, RelmanError
from relman.gates import GATES, Question
from relman.gates.approval import breakglass, roles, rules
from relman.gates.approval.breakglass import Agreed, Asked, Terms
from relman.gates.approval.votes import short
from relman.ledger import Draft
from relman.models import TEAM, Candidate, Event, listed
from relman.ops import overrides, people
from relman.ops.held import Action
from relman.signing import OVERRIDE, OwnKey, signed
from relman.signing.lifts import Consent, Override
from relman.steps.ask import question

ASKED, CONSENTED = "override.asked", "override.consented"
COUNTED = timedelta(days=30)
WHO = "git config user.email with the address that [people] has of you"


class Wish(Struct, frozen=True):
    """One gate that is to be lifted, and why."""

    gate: str
    reason: str
    incident: str
    emergency: bool = False


class Lift(NamedTuple):
    """An override that lies there and is about what is to ship.

    Attributes:
        lying: Its files.
        asked: What it says, and who signed it.
        agreed: The second person's word; None while it is missing.
        second: Its file.
    """

    lying: shelf.Lying
    asked: Asked
    agreed: Agreed | None
    second: Paper | None

    @property
    def signatures(self) -> tuple[dict[str, str], ...]:
        """What the ledger keeps of the two."""
        papers = [self.lying.first, *([self.second] if self.second else [])]
        return tuple(
            {"statement": one.content.decode(), "signature": one.signature.decode("ascii")} for one in papers
        )


class Pending(NamedTuple):
    """An override that somebody is about to agree to.

    Attributes:
        asked: What it says, and who signed it.
        terms: What the words are held against.
        signer: Who types, as the list of signers names the principal.
    """

    asked: Asked
    terms: Terms
    signer: str


# ── the one who cuts ─────────────────────────────────────────────────────────────────────────────


def granted(driver: Driver, candidate: Candidate, wishes: Sequence[Wish]) -> None:
    """Record the override of each gate that two people have signed; sign what nobody has yet.

    Raises:
        Refused: A second signature is missing, or this person has no key for it.
        Tampered: The policy does not hold.
    """
    asking = question(driver, candidate, (), first=False)
    terms, missing = Terms.of(asking), []
    for wish in wishes:
        if _holds(asking, wish):
            continue
        found = next(iter(_lying(asking, wish, terms)), None)
        if found and found.agreed and found.second:
            _record(driver, candidate, found, found.agreed, asking)
        else:
            missing.append(found.lying.path if found else _sign(driver, candidate, wish, terms))
    if missing:
        may = {name for wish in wishes for name in terms.answering(_row(wish.gate))}
        one_more = " (or, if you are that, anybody else)" if any(one.emergency for one in wishes) else ""
        raise Refused(
            "T16: two people lift a gate, and the second has not signed yet; nothing was changed",
            fact=f"signed by you: {listed(missing)}, for you to commit and push",
            clears=f"{listed(sorted(may))}{one_more}: "
            + " && ".join(f"inv checklist.sign --override {path}" for path in missing)
            + "; then the same command here again",
        )


def _holds(asking: Question, wish: Wish) -> bool:
    """Whether the ledger has an override already that counts."""
    known = overrides.granted(asking.entries, wish.gate, asking.candidate, asking.now)
    fit = (one for one in known if one.emergency or not wish.emergency)
    return any(not breakglass.objection(one, _row(wish.gate), asking) for one in fit)


def _lying(asking: Question, wish: Wish, terms: Terms) -> tuple[Lift, ...]:
    """The overrides that lie there for this gate and candidate, agreed to or still waiting, newest first."""
    found = (_lift(one, asking, wish, terms) for one in shelf.lying(asking.repo().root))
    fit = [one for one in found if one and one.asked.override.emergency == wish.emergency]
    return tuple(sorted(fit, key=lambda one: (one.agreed is not None, one.asked.at), reverse=True))


def _lift(lying: shelf.Lying, asking: Question, wish: Wish, terms: Terms) -> Lift | None:
    """One of them; None for one that is about something else, does not count, or is over."""
    try:
        asked = breakglass.asked(lying.first, terms)
        breakglass.need_about(asked, asking.candidate, wish.gate)
        found = breakglass.first_agreed(asked, lying.seconds, _row(wish.gate), terms)
        if found is None:
            breakglass.need_waiting(asked, terms.now)
    except RelmanError:
        return None
    return Lift(lying, asked, *(found or (None, None)))


def _sign(driver: Driver, candidate: Candidate, wish: Wish, terms: Terms) -> str:
    """Sign an override as the one who cuts; where it lies."""
    signer = signing_as(driver.repo().email, terms)
    key = candidate.key
    said = Override(
        gate=wish.gate,
        service=key.service,
        project=key.project,
        region=key.region,
        environment=candidate.environment,
        version=candidate.version,
        commit=candidate.commit,
        reason=wish.reason,
        incident=wish.incident,
        emergency=wish.emergency,
        signer=signer,
        signed_at=int(terms.now.timestamp()),
    )
    root = driver.repo().root
    done = signed(said.statement(breakglass.subject_of(candidate)), OVERRIDE, OwnKey.of(root), driver.emit)
    breakglass.asked(Paper("", done.content, done.signature.encode("ascii")), terms)
    path = shelf.write(root, done.content, done.signature)
    told = {"file": path, "gate": wish.gate, "signer": signer, "incident": wish.incident}
    driver.store.append([Draft(ASKED, key, candidate.environment, detail=told)])
    return path


def _record(driver: Driver, candidate: Candidate, found: Lift, agreed: Agreed, asking: Question) -> None:
    """Record an override that two have signed, and tell everybody who watches."""
    said, since = found.asked.override, min(agreed.since, asking.now)
    by = (found.asked.person, agreed.person)
    signed_ = overrides.Signed(by, found.signatures, _review(asking, said, agreed))
    drafts = [
        *rules.remembered(Terms.of(asking).force, asking.team),
        overrides.draft(
            said.gate,
            candidate,
            since,
            reason=said.reason,
            incident=said.incident,
            emergency=said.emergency,
            signed=signed_,
        ),
    ]
    driver.store.append(drafts)
    nth = overrides.count(driver.store.entries(candidate.key), asking.now - COUNTED)
    word = "emergency override" if said.emergency else "override"
    until = f"until {since + overrides.LASTS:%Y-%m-%d %H:%MZ}"
    told = f"{word} of {said.gate} by {by[0]} and {by[1]}, {until}, for {candidate.version} only"
    review = f"number {nth} of 30 days; to be reviewed by {signed_.review['due']}"
    driver.emit(Event("note", f"{told}: {said.reason} ({said.incident}); {review}"))


def _review(asking: Question, said: Override, agreed: Agreed) -> dict[str, str]:
    """What is to be done about it next Monday, by the role that answers for the gate."""
    zone = asking.config.model.tz if asking.config.model else None
    local = agreed.since.astimezone(zone.info) if zone else agreed.since
    owner = people.accountable(asking.config, _row(said.gate))
    text = f"Review the override of {said.gate} for {said.service} {said.version} ({said.incident})"
    action = Action(f"override-{agreed.asked.digest[:8]}", text, owner, _monday(local.date()))
    told: dict[str, str] = msgspec.to_builtins(action)
    return told


def _monday(day: date) -> date:
    """The next Monday after a day."""
    return day + timedelta(days=7 - day.weekday())


def _row(gate: str) -> str:
    return next(one.lifted_by for one in GATES if one.id == gate)


# ── the second person ────────────────────────────────────────────────────────────────────────────


def pending(driver: Driver, file: str) -> Pending:
    """The override that somebody is about to agree to; nothing is signed yet.

    Raises:
        Refused: There is none of that name, it does not count, or this person may not agree to it.
        Tampered: Its signature does not hold.
    """
    asking = question(driver, None, (), first=False)
    terms = Terms.of(asking)
    found = breakglass.asked(shelf.named(driver.repo().root, file).first, terms)
    said = found.override
    if firm := next((one.name for one in GATES if one.id == said.gate and not one.lifted_by), ""):
        raise Refused(f"nobody may lift {firm}", fact="what it says is mended, not lifted")
    known = {one.id for one in GATES}
    if said.gate not in known:
        raise Refused("there is no such gate", fact=f"{said.gate!r}; there are {listed(sorted(known))}")
    breakglass.need_waiting(found, terms.now)
    signer = signing_as(driver.repo().email, terms)
    breakglass.need_second(found, terms.person(signer), _row(said.gate), terms)
    return Pending(found, terms, signer)


def consent(driver: Driver, waiting: Pending, key: str = "") -> str:
    """Sign that the override may be; where the signature lies.

    Raises:
        Refused: The key does not sign, or does not count for this person.
    """
    found, now = waiting.asked, waiting.terms.now
    said = Consent(found.digest, waiting.signer, int(now.timestamp()))
    root = driver.repo().root
    done = signed(said.statement(found.subject), OVERRIDE, OwnKey.of(root, key), driver.emit)
    paper = Paper("", done.content, done.signature.encode("ascii"))
    breakglass.agreed(found, paper, _row(found.override.gate), waiting.terms)
    name = f"{found.digest[:8]}.{short(waiting.signer)}.json"
    path = shelf.write(root, done.content, done.signature, name=name)
    told = {"file": path, "override": found.digest, "signer": waiting.signer}
    driver.store.append([Draft(CONSENTED, TEAM, "", detail=told)])
    return path


def signing_as(email: str, terms: Terms) -> str:
    """Who types, as the list of signers names the principal.

    Raises:
        Refused: Git does not say, or the list has no key of theirs for overrides.
    """
    found = roles.principal(terms.config, email, terms.force.signers, OVERRIDE)
    if not found:
        fact = f"policy {terms.force.policy.version} has no key for {email or 'nobody'} to lift gates with"
        raise Refused("nobody of that address may lift a gate", fact=fact, clears=WHO)
    return found


def page(waiting: Pending) -> str:
    """What a person reads before agreeing."""
    said, found = waiting.asked.override, waiting.asked
    word = "an emergency override, which pierces freezes" if said.emergency else "an override"
    rows = [
        f"{word} of the gate {said.gate}, for two hours from your signature on",
        f"  for       {said.service} {said.version} in {said.environment} ({said.project}, {said.region})",
        f"  commit    {said.commit}",
        f"  image     {found.subject[0].name}@sha256:{found.subject[0].digest.sha256}",
        f"  because   {said.reason}",
        f"  incident  {said.incident}",
        f"  asked by  {found.person}, {found.at:%Y-%m-%d %H:%MZ}",
        f"  sha256    {found.digest}",
    ]
    return "\n".join(rows)
