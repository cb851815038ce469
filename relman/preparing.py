"""What ``prepare`` decides: the version, the build, and what the candidate is frozen from.

What it is not: the building or freezing (``steps.build``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from relman import cloudbuild, deciding, version
from relman.config import Config, Target
from relman.deciding import Reading
from relman.errors import ConfigError, Refused, UsageError
from relman.ledger import Entry, story
from relman.line import Line, configured
from relman.notes import place
from relman.plan import Plan, plan_prepare
from relman.repo import Repo
from relman.steps import Build, Freeze, WriteNotes

SHORT = 12


class Wishes(msgspec.Struct, frozen=True):
    """What the person asked for, each empty unless they did, and the versions that the service tells of."""

    version: str = ""
    bump: str = ""
    image: str = ""
    known: tuple[str, ...] = ()


def planned(
    repo: Repo, config: Config, target: Target, entries: Sequence[Entry], wishes: Wishes
) -> tuple[Plan, tuple[str, ...]]:
    """The plan that prepares the commit checked out, and in words what its version was decided from.

    Raises:
        Refused: The tree is not clean, there is nothing to release, or the version is taken.
        UsageError: A wish cannot be fulfilled as it is spelled.
        ConfigError: The manifest cannot be used.
    """
    _clean(repo)
    line = configured(config, target.service)
    # A release that the ledger or the service tells of and that has no tag (it was adopted, or the tag was
    # lost) counts too.
    known = (*(one.version for one in story.released(entries)), *wishes.known)
    reading = deciding.read(line, deciding.Wish(known=known))
    history = History.of(repo, repo.tags(), line.prefix, reading)
    decided = _decided(line, history, wishes)
    _free(decided, history, entries)
    place.configured(config, target.service).templates()  # a mistake in one shows before anything is built
    chain = story.known_good(entries)
    freeze = Freeze(
        key_=target.key,
        environment=target.environment,
        version=decided,
        commit=history.commit,
        image=_given(wishes.image) or target.image,
        prior=chain[0].version if chain else "",
        manifest=_manifest(target),
        manifest_name=os.path.relpath(target.manifest, config.folder) if target.manifest else "",
    )
    build = None if wishes.image else _build(repo, config, target, entries, history.commit)
    notes = WriteNotes(
        key_=target.key,
        version=decided,
        name=place.named(config, target.service, decided),
        changelog=config.notes.changelog,
    )
    told = (f"since the last release: {reading.account}", *(str(each) for each in reading.possible))
    return plan_prepare(freeze, build, notes), told


class History(msgspec.Struct, frozen=True):
    """What git and the ledger say of the releases before.

    Attributes:
        commit: The commit checked out, or the tagged one where nothing of the service changed since.
        prefix: What stands before the version in this service's tags.
        tags: Every tag, with the commit it leads to.
        reading: What the commits since the last release were read as.
    """

    commit: str
    prefix: str
    tags: dict[str, str]
    reading: Reading

    @classmethod
    def of(cls, repo: Repo, tags: dict[str, str], prefix: str, reading: Reading) -> History:
        """Put together what was read."""
        start = reading.past.start
        moved = bool(reading.account.inside) or not (start and start.commit)
        # Commits that touch only record paths are no candidates: what is released is the commit before them.
        return cls(repo.head if moved or not start else start.commit, prefix, tags, reading)

    @property
    def moved(self) -> bool:
        """Whether the service changed since the last release."""
        return bool(self.reading.account.inside)

    @property
    def here(self) -> str:
        """The version whose tag is on this very commit, empty for none: another environment has it."""
        told = (tag.removeprefix(self.prefix) for tag, commit in self.tags.items() if commit == self.commit)
        return version.highest(told) or ""


def _clean(repo: Repo) -> None:
    if changed := repo.changes():
        raise Refused(
            "the working tree is not clean", fact=", ".join(changed[:3]), clears="git commit, or git stash -u"
        )


def _decided(line: Line, history: History, wishes: Wishes) -> str:
    """The version asked for, the one that is on this commit already, or the one that the commits ask for."""
    if wishes.version:
        return version.checked(wishes.version)
    if wishes.bump and wishes.bump not in version.ORDER:
        raise UsageError("no such bump", fact=repr(wishes.bump), clears="--bump major, minor or patch")
    if history.here and not (wishes.bump or wishes.image or history.moved):
        return history.here
    # An image built elsewhere is a change that no commit tells of.
    asked = wishes.bump or ("patch" if wishes.image and not history.reading.account.bump else "")
    bump = next((one for one in version.ORDER if one == asked), None)
    found = deciding.following(line, history.reading, deciding.Wish(bump=bump))
    if found is None:
        raise Refused(
            "no commit asks for a release",
            fact=str(history.reading.account),
            clears="inv release.prepare --bump patch",
        )
    return found


def _free(decided: str, history: History, entries: Sequence[Entry]) -> None:
    """Refuse a version that was shipped already, or whose tag is on another commit."""
    again = "inv release.prepare --bump patch, or --version with another one"
    name = f"{history.prefix}{decided}"
    if history.tags.get(name, history.commit) != history.commit:
        fact = f"{name} is on {history.tags[name][:7]}"
        raise Refused(f"version {decided} is tagged already", fact=fact, clears=again)
    if entry := story.shipped(entries, decided):
        same = history.here == decided
        what = f"nothing to release since {decided}" if same else f"version {decided} was released already"
        fact = f"on {entry.ts[:10]}, as {entry.detail['release']['revision']}"
        raise Refused(what, fact=fact, clears=again)


def _manifest(target: Target) -> str:
    """The manifest's text, once it is known to be one: before anything is built."""
    if target.manifest is None:
        return ""
    from relman import manifest

    try:
        text = target.manifest.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{target.manifest.name} is no UTF-8 text", fact=str(error)) from error
    read = manifest.translate(text, image="unknown@sha256:" + "0" * 64, where=str(target.manifest))
    if read.name and read.name != target.service:
        raise ConfigError("the manifest is of another service", fact=f"{read.name}, not {target.service}")
    return text


def _given(image: str) -> str:
    """An image built elsewhere, which must be named by digest: a tag can move."""
    if image and not re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", image):
        raise UsageError("an image is given by its digest", fact=repr(image), clears="--image NAME@sha256:…")
    return image


def _build(repo: Repo, config: Config, target: Target, entries: Sequence[Entry], commit: str) -> Build:
    image = f"{target.image}:{commit[:SHORT]}"
    folder = repo.folder_of(config.folder)
    dockerfile = repo.has_file(commit, f"{folder}/Dockerfile".lstrip("/"))
    return Build(
        key_=target.key,
        commit=commit,
        url=source_of(repo, config, commit),
        folder=folder,
        image=image,
        run=cloudbuild.steps(image, dockerfile=dockerfile, start=target.start),
        attempt=story.failed_builds(entries, commit) + 1,
    )


def source_of(repo: Repo, config: Config, commit: str) -> str:
    """Where the platform fetches the commit: the remote; on loopback this repository itself.

    Raises:
        Refused: There is no remote, it cannot be fetched from, its address holds a credential, or the
            commit is not on it.
    """
    if config.platform.loopback:
        return f"file://{repo.root}"
    url = repo.remote_url(config.remote)
    if not url:
        raise Refused(
            f"there is no remote {config.remote} to build from",
            fact="Cloud Build fetches the commit from it",
            clears=f"git remote add {config.remote} URL",
        )
    _fetchable(url, config.remote)
    if not repo.on_remote(config.remote, commit):
        raise Refused(
            f"{commit[:7]} is not on {config.remote}",
            fact="Cloud Build fetches the commit from it",
            clears=f"git push {config.remote} {config.branch}",
        )
    return url


def _fetchable(url: str, remote: str) -> None:
    """Refuse a remote that Cloud Build cannot fetch from, or whose address holds a secret."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise Refused(
            f"Cloud Build cannot fetch from the remote {remote}",
            fact="it is no https address, and Cloud Build has no key of yours",
            clears=f"git remote set-url {remote} https://…, or inv release.prepare --image NAME@sha256:…",
        )
    if parts.username or parts.password:
        raise Refused(
            f"the address of the remote {remote} holds a credential",
            fact="it would stand in the ledger and in the build",
            clears=f"git remote set-url {remote} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
        )
