"""What ``prepare`` decides: the version, the build, and what the candidate is frozen from.

What it is not: the building or freezing (``steps.build``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from relman import cloudbuild, version
from relman.config import Config, Target
from relman.errors import Refused, UsageError
from relman.ledger import Entry, story
from relman.plan import Plan, plan_prepare
from relman.repo import Repo
from relman.steps import Build, Freeze

SHORT = 12


class Wishes(msgspec.Struct, frozen=True):
    """What the person asked for, each empty unless they did: see ``app.prepare``."""

    version: str = ""
    bump: str = ""
    image: str = ""


def planned(
    repo: Repo, config: Config, target: Target, entries: Sequence[Entry], wishes: Wishes
) -> tuple[Plan, version.Accounted]:
    """The plan that prepares the commit checked out, and what its version was decided from.

    Raises:
        Refused: The tree is not clean, there is nothing to release, or the version is taken.
        UsageError: A wish cannot be fulfilled as it is spelled.
    """
    _clean(repo)
    commit = repo.head
    tags = repo.tags()
    last, after = _last(repo, tags, entries, config.tag_prefix)
    messages = [message for _, message in repo.messages(after, commit)]
    decided = _decided(last, messages, wishes)
    _free(decided, tags, entries, config.tag_prefix)
    chain = story.known_good(entries)
    freeze = Freeze(
        key_=target.key,
        environment=target.environment,
        version=decided,
        commit=commit,
        image=_given(wishes.image) or target.image,
        prior=chain[0].version if chain else "",
        manifest=target.manifest.read_text(encoding="utf-8") if target.manifest else "",
        manifest_name=os.path.relpath(target.manifest, config.folder) if target.manifest else "",
    )
    build = None if wishes.image else _build(repo, config, target, entries, commit)
    return plan_prepare(freeze, build), version.accounted(messages)


def _last(repo: Repo, tags: dict[str, str], entries: Sequence[Entry], prefix: str) -> tuple[str | None, str]:
    """The last release that HEAD builds upon, and the commit after which commits count.

    A release that the ledger knows and that has no tag (it was adopted, or the tag was lost) counts too.
    """
    tagged = tags.keys() & repo.reachable_tags(repo.head)
    untagged = {f"{prefix}{one.version}" for one in story.released(entries)} - tags.keys()
    newest_tag = version.last(tagged, prefix)
    return version.last(tagged | untagged, prefix), tags[f"{prefix}{newest_tag}"] if newest_tag else ""


def _clean(repo: Repo) -> None:
    if repo.shallow:
        raise Refused(
            "the history is cut off, so the last release cannot be found",
            fact="this is a shallow clone",
            clears="git fetch --unshallow --tags",
        )
    if changed := repo.changes():
        raise Refused(
            "the working tree is not clean", fact=", ".join(changed[:3]), clears="git commit, or git stash"
        )


def _decided(last: str | None, messages: list[str], wishes: Wishes) -> str:
    """The version asked for, or the one that the commits ask for."""
    if wishes.version:
        return version.checked(wishes.version)
    if wishes.bump and wishes.bump not in version.ORDER:
        raise UsageError("no such bump", fact=repr(wishes.bump), clears="--bump major, minor or patch")
    if last and not messages and not wishes.bump and not wishes.image:
        raise Refused(
            f"nothing to release since {last}",
            fact="no commit since touches more than records",
            clears="git log",
        )
    bump = next((one for one in version.ORDER if one == wishes.bump), None)
    return version.following(last, messages, bump)


def _free(decided: str, tags: dict[str, str], entries: Sequence[Entry], prefix: str) -> None:
    """Refuse a version that was shipped already."""
    if found := tags.get(f"{prefix}{decided}"):
        raise Refused(
            f"version {decided} is tagged already",
            fact=f"{prefix}{decided} is on {found[:7]}",
            clears="inv release.prepare --bump patch, or --version with another one",
        )
    if entry := story.shipped(entries, decided):
        raise Refused(
            f"version {decided} was released already",
            fact=f"on {entry.ts[:10]}, as {entry.detail['release']['revision']}",
            clears="inv release.prepare --bump patch, or --version with another one",
        )


def _given(image: str) -> str:
    """An image built elsewhere, which must be named by digest: a tag can move."""
    if image and "@sha256:" not in image:
        raise UsageError("an image is given by digest", fact=repr(image), clears="--image NAME@sha256:…")
    return image


def _build(repo: Repo, config: Config, target: Target, entries: Sequence[Entry], commit: str) -> Build:
    image = f"{target.image}:{commit[:SHORT]}"
    dockerfile = repo.has_file(commit, "Dockerfile")
    return Build(
        key_=target.key,
        commit=commit,
        url=_url(repo, config, commit),
        image=image,
        run=cloudbuild.steps(image, dockerfile=dockerfile, start=target.start),
        attempt=story.failed_builds(entries, commit) + 1,
    )


def _url(repo: Repo, config: Config, commit: str) -> str:
    """Where the platform fetches the commit: the remote; on loopback this repository itself."""
    if config.platform.loopback:
        return f"file://{repo.root}"
    url = repo.remote_url(config.remote)
    if not url:
        raise Refused(
            f"there is no remote {config.remote} to build from",
            fact="Cloud Build fetches the commit from it",
            clears=f"git remote add {config.remote} URL",
        )
    if not repo.on_remote(config.remote, commit):
        raise Refused(
            f"{commit[:7]} is not on {config.remote}",
            fact="Cloud Build fetches the commit from it",
            clears=f"git push {config.remote} {config.branch}",
        )
    return url
