"""A candidate put to the vote: everything that the approval is for, gathered and frozen.

What it is not: the judge (``gates.approval``), or the papers themselves (``approval``). What is observed
for a request is observed again at the cut, by the same functions, and held against what was signed.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from relman import gates
from relman.approval import stock, template
from relman.approval.folder import EVIDENCE, REQUEST, ROOT, Folder
from relman.approval.request import Item, LedgerBound, PolicyBound, Request
from relman.approval.template import PERSON, Asked
from relman.clock import stamp
from relman.driving import Driver
from relman.errors import ConfigError, RelmanError
from relman.gates import Question
from relman.gates.approval import observing, roles, rules
from relman.ledger import Draft, chain
from relman.models import Answer, Candidate, Event
from relman.plan import Plan
from relman.signing import Subject, canonical
from relman.signing.statements import Sha256
from relman.signing.strict import sha256
from relman.steps import AskGates

NONCE = 16
"""Random bytes that make a request one of its kind."""


class Papers(NamedTuple):
    """A request with its evidence, not laid down yet.

    Attributes:
        request: What is put to the vote.
        evidence: Its files by name.
    """

    request: Request
    evidence: dict[str, bytes]


def opened(driver: Driver, candidate: Candidate, plan: Plan) -> Folder:
    """Freeze a request for a candidate, lay it down with its evidence, and record it.

    The request comes last, so that a folder that holds one is whole.

    Raises:
        RelmanError: What it binds cannot be read, or nothing can be written.
    """
    question = next(step for step in plan.steps if isinstance(step, AskGates)).question(driver)
    force = rules.of(question)
    bound = PolicyBound(force.policy.version, Sha256(force.digest))
    papers = gathered(driver, question, candidate, plan, bound)
    content = papers.request.content()
    folder = Folder(driver.repo().root / ROOT, papers.request.folder)
    for name, evidence in papers.evidence.items():
        folder.write(evidence, EVIDENCE, name)
    stock.explained(folder, question.config.source.document())
    if note := stock.laid(folder.checklists):
        driver.emit(Event("note", note))
    folder.write(content, REQUEST)
    told = {"request": sha256(content), "folder": folder.name, "version": candidate.version}
    draft = Draft("checklist.opened", driver.key, driver.environment, detail=told)
    driver.store.append([*rules.remembered(force, question.team), draft])
    return folder


def offered(driver: Driver, candidate: Candidate, plan: Plan) -> None:
    """Put what was just prepared to the vote, or say why that is not done; the candidate stays prepared."""
    try:
        folder = opened(driver, candidate, plan)
    except RelmanError as error:
        why = f"no checklist was opened: {error.what}" + (f" ({error.fact})" if error.fact else "")
        then = f"{error.clears}, then " if error.clears else ""
        driver.emit(Event("note", f"{why}; {then}inv checklist.open"))
    else:
        driver.emit(Event("note", f"put to the vote: {ROOT}/{folder.name}, for you to commit"))


def gathered(
    driver: Driver, question: Question, candidate: Candidate, plan: Plan, policy: PolicyBound
) -> Papers:
    """Everything that an approval of a candidate is for, as it is now."""
    now = question.now
    slot, written = observing.occurrence(question, now), observing.written(question)
    items, evidence = _answered(question)
    evidence["difference.json"] = observing.difference(question, written)
    name, _, digest = candidate.image.partition("@sha256:")
    request = Request(
        subject=(Subject(name, Sha256(digest)),),
        service=candidate.key.service,
        project=candidate.key.project,
        region=candidate.key.region,
        environment=driver.environment,
        version=candidate.version,
        commit=candidate.commit,
        image=candidate.image,
        replaces=observing.replaced(question),
        authors=observing.authors(question, written),
        checklist=items,
        policy=policy,
        ledger=_ledger(driver),
        window=slot,
        plan=Sha256(plan.digest),
        template=Sha256(candidate.template_digest),
        difference=Sha256(sha256(evidence["difference.json"])),
        oncall=observing.on_call(question, slot, now),
        nonce=secrets.token_hex(NONCE),
        created_at=int(now.timestamp()),
        expires_at=observing.expiry(slot, now),
    )
    return Papers(request, evidence)


def _answered(question: Question) -> tuple[tuple[Item, ...], dict[str, bytes]]:
    """The checklist's items, and the evidence of those that a machine answers."""
    asked = template.read(template.content(question.repo().root / ROOT))
    found = [_item(question, one) for one in asked.item]
    return tuple(item for item, _ in found), {f"{item.id}.json": told for item, told in found if told}


def _item(question: Question, asked: Asked) -> tuple[Item, bytes]:
    owner = roles.named(question.config, asked.owner)
    if asked.evidence == PERSON:
        return Item(asked.id, owner, "open", asked.waivable), b""
    told, passes = _evidence(question, asked)
    return Item(asked.id, owner, "pass" if passes else "fail", asked.waivable, Sha256(sha256(told))), told


def _evidence(question: Question, asked: Asked) -> tuple[bytes, bool]:
    """What the gate of that name says, with what it was judged by."""
    gate = next((one for one in gates.GATES if one.id == asked.evidence), None)
    if gate is None:
        known = ", ".join(one.id for one in gates.GATES)
        raise ConfigError(f"no gate answers {asked.id}", fact=f"{asked.evidence!r}; known: {known}")
    verdict = gates.ask(question, [gate])[0]
    facts = {
        "gate": verdict.id,
        "answer": verdict.answer.value,
        "fact": verdict.fact,
        "inputs": verdict.inputs,
        "asOf": stamp(verdict.as_of or question.now),
    }
    # What lifts a gate is no evidence that something is so.
    return canonical(facts), verdict.answer in {Answer.GO, Answer.WARN, Answer.NOT_SET_UP}


def _ledger(driver: Driver) -> LedgerBound:
    """The whole ledger as it is before this request is recorded."""
    size, root = chain.rooted(bytes.fromhex(one.hash) for one in driver.store.entries())
    return LedgerBound(size, root.hex())
