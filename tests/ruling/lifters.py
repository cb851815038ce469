"""A team that lifts a gate: Ben is on call and cuts, Ana answers for releases, Cleo stands in for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import pytest
from msgspec.structs import replace

from relman import config, gates, lifting
from relman.clock import Clock
from relman.cloudbuild import CloudBuild
from relman.cloudrun import CloudRun
from relman.driving import Driver
from relman.errors import RelmanError
from relman.gates import Question
from relman.gates.approval import breakglass
from relman.ledger import Entry, SqliteStore
from relman.lifting import Wish
from relman.models import Candidate, Event, ServiceKey, Verdict
from relman.repo import Repo
from relman.signing import OVERRIDE, OwnKey, signed
from relman.signing.lifts import Consent, Override
from relman.signing.strict import sha256
from relman.steps.ask import question
from tests.ruling.office import MODEL, NOON, Office

T = TypeVar("T")
KEY = ServiceKey("acme", "europe-west1", "api")
WINDOW = Wish("window", "nobody can pay", "INC-42")
EMERGENCY = Wish("window", "nobody can pay", "INC-42", emergency=True)
THURSDAY = NOON + timedelta(days=1)
MORE = """
[roles.support]
holder = "cleo"
[[raci]]
id = "deploy-rollback"
what = "Deploy and roll back"
R = "on-call"
A = "eng-lead"
[model]
version = "1"
tz = "Europe/Berlin"
"""
FREEZE = 'freezes = [{ from = "2026-11-20", to = "2026-12-30", reason = "sale" }]\n[roles.support]'
CANDIDATE = Candidate(
    key=KEY,
    environment="production",
    version="1.4.0",
    commit="c0ffee" * 6 + "abcd",
    image="europe-docker.pkg.dev/p/r/api@sha256:" + "ab" * 32,
    template={},
    template_digest="ee" * 32,
    revision="api-v1-4-0-1234567",
    tag="c-12345",
)


class Lifters:
    """The team, on a Thursday, when the window is closed.

    Attributes:
        office: Its repository.
        said: What was told to whoever watched.
        candidate: What is to ship.
    """

    def __init__(self, office: Office) -> None:
        """Ben types."""
        self.office, self.said, self.candidate = office, list[Event](), CANDIDATE
        office.now = THURSDAY
        office.write(MODEL + MORE)
        office.as_("ben")

    @contextmanager
    def driver(self) -> Iterator[Driver]:
        """What drives the service, now."""
        read = config.load(self.office.root / "relman.toml")
        clock = Clock(lambda: self.office.now, lambda _seconds: None)
        store = SqliteStore(self.office.root / ".relman", clock)
        with closing(store), closing(Repo(self.office.root)) as repo:
            yield Driver(
                store=store,
                key=KEY,
                environment="production",
                cloud=cast("CloudRun", None),
                builds=cast("CloudBuild", None),
                repo=lambda: repo,
                clock=clock,
                emit=self.said.append,
                doubt=0.0,
                config=read,
                target=read.select(),
                ledger=store.entries,
            )

    def cut(self, *wishes: Wish) -> None:
        """Cut as whoever types, with these gates lifted."""
        with self.driver() as driver:
            lifting.granted(driver, self.candidate, wishes or (WINDOW,))

    def agree(self, person: str, file: str = "", key: str = "") -> str:
        """A second person agrees to the override that lies there; where that lies."""
        self.office.as_(person)
        with self.driver() as driver:
            waiting = lifting.pending(driver, file or self.file)
            assert waiting.asked.digest in lifting.page(waiting)
            path = lifting.consent(driver, waiting, key)
        self.office.as_("ben")
        return path

    @property
    def files(self) -> list[str]:
        """The overrides that lie there, by name."""
        return sorted(
            one.name for one in self.office.root.glob("checklists/overrides/*.json") if len(one.name) == 13
        )

    @property
    def file(self) -> str:
        """The only one."""
        (name,) = self.files
        return f"checklists/overrides/{name}"

    def ask(self, what: Callable[[Question], T]) -> T:
        """What the gates are asked about, now."""
        with self.driver() as driver:
            return what(question(driver, self.candidate, (), first=False))

    def verdict(self, gate: str = "window") -> Verdict:
        """What a gate says of the candidate, now."""
        chosen = [one for one in gates.GATES if one.id == gate]
        return self.ask(lambda asked: gates.ask(asked, chosen)[0])

    def entries(self, kind: str) -> list[Entry]:
        """What the ledger has of a kind."""
        with self.driver() as driver:
            return [entry for entry in driver.store.entries() if entry.kind == kind]

    def at(self, moment: datetime) -> Lifters:
        """Another time."""
        self.office.now = moment
        return self

    def other(self, **said: Any) -> None:
        """Another candidate than the one of before."""
        self.candidate = replace(CANDIDATE, **said)


def refused(lifters: Lifters, *wishes: Any) -> RelmanError:
    """Why the cut does not go on."""
    with pytest.raises(RelmanError) as caught:
        lifters.cut(*wishes)
    return caught.value


def lifted(lifters: Lifters) -> Lifters:
    """Two have signed, and it is recorded."""
    refused(lifters)
    lifters.agree("ana")
    lifters.cut()
    return lifters


def asked_by_hand(lifters: Lifters, *, person: str = "ben", namespace: str = OVERRIDE, **said: Any) -> str:
    """An override as somebody may write it; its file's name."""
    address = "Ben@Mervo.example" if person == "ben" else f"{person}@mervo.example"
    facts: dict[str, Any] = {
        "gate": "window",
        "service": KEY.service,
        "project": KEY.project,
        "region": KEY.region,
        "environment": "production",
        "version": "1.4.0",
        "commit": CANDIDATE.commit,
        "reason": "now",
        "incident": "INC-1",
        "emergency": False,
        "signer": address,
        "signed_at": int(lifters.office.now.timestamp()),
    }
    content = Override(**facts | said).statement(breakglass.subject_of(CANDIDATE))
    done = signed(content, namespace, OwnKey.chosen(str(lifters.office.keys / person)))
    return laid(lifters, f"{sha256(content)[:8]}.json", content, done.signature)


def laid(lifters: Lifters, name: str, content: bytes, signature: str) -> str:
    """A statement and its signature in the folder of overrides."""
    folder = lifters.office.root / "checklists/overrides"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / f"{name}.sig").write_text(signature, "utf-8")
    return name


def consent_by_hand(lifters: Lifters, first: str, *, person: str = "ana", **said: Any) -> None:
    """A consent as somebody may write it."""
    content = (lifters.office.root / "checklists/overrides" / first).read_bytes()
    namespace, subject = said.pop("namespace", OVERRIDE), said.pop("subject", Override.read(content)[0])
    facts: dict[str, Any] = {
        "override": sha256(content),
        "signer": f"{said.pop('name', person)}@mervo.example",
        "signed_at": int(lifters.office.now.timestamp()),
    }
    statement = Consent(**facts | said).statement(subject)
    done = signed(statement, namespace, OwnKey.chosen(str(lifters.office.keys / person)))
    laid(lifters, f"{first[:8]}.0123abcd.json", statement, done.signature)
