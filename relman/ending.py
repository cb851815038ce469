"""How a release ends, as steps: the git tag, and what others are told.

What it is not: a judgement. The tag must be made before a release is done; what comes behind it may be
owed.
"""

from __future__ import annotations

from msgspec import Struct

from relman.models import Candidate
from relman.notify.github import Place
from relman.steps import AnyStep, PublishRelease, PushTag, Tag, TellDeployment


class Hub(Struct, frozen=True):
    """What GitHub is told.

    Attributes:
        environment: As GitHub calls it.
        production: It is one that users use.
        release: Whether the tag gets a page; ``notes`` is the file that stands on it.
        deployments: Whether deployments are told.
        remote: What git calls the repository.
    """

    place: Place
    environment: str
    production: bool
    release: bool
    deployments: bool
    notes: str
    remote: str


class Ending(Struct, frozen=True):
    """What is wanted once a release has all of the traffic.

    Attributes:
        tag: The tag's name.
        signed: It is signed.
        origin: What the ledger is called in the tag.
        push: The remote that it is pushed to, empty for none.
        hub: What GitHub is told, None for nothing.
    """

    tag: str
    signed: bool = False
    origin: str = ""
    push: str = ""
    hub: Hub | None = None


def shipped(candidate: Candidate, ending: Ending) -> tuple[AnyStep, ...]:
    """The steps behind the last smoke checks. Without a commit there is nothing to tag, or to tell of."""
    if not candidate.commit:
        return ()
    name, commit, title = ending.tag, candidate.commit, _title(candidate)
    tag = Tag(
        name=name,
        commit=commit,
        title=title,
        image=candidate.image,
        revision=candidate.revision,
        template=candidate.template_digest,
        environment=candidate.environment,
        origin=ending.origin,
        signed=ending.signed,
    )
    steps: list[AnyStep] = [tag, *([PushTag(name, commit, ending.push)] if ending.push else [])]
    if ending.hub and ending.hub.release:
        early, hub = "-" in candidate.version.partition("+")[0], ending.hub
        steps.append(PublishRelease(hub.place, name, commit, title, hub.notes, early, hub.remote))
    return (*steps, *_told(candidate, ending, "success"))


def otherwise(candidate: Candidate, ending: Ending) -> tuple[AnyStep, ...]:
    """The steps of a release that was not good, once users are safe."""
    return _told(candidate, ending, "failure") if candidate.commit else ()


def _told(candidate: Candidate, ending: Ending, state: str) -> tuple[AnyStep, ...]:
    hub = ending.hub
    if hub is None or not hub.deployments:
        return ()
    return (
        TellDeployment(
            place=hub.place,
            commit=candidate.commit,
            revision=candidate.revision,
            environment=hub.environment,
            production=hub.production,
            title=_title(candidate),
            state="success" if state == "success" else "failure",
        ),
    )


def _title(candidate: Candidate) -> str:
    return f"{candidate.key.service} {candidate.version}"
