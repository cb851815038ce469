"""The source of a build: exactly one commit of a git remote, or one folder of it, as plain files.

What it is not: a clone. History, tags and the remote's hooks stay where they are.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from relman.embedded.images.image import FETCH_SOURCE_FAILED, BuildError, Log
from relman.embedded.images.layer import UnsafeArchive, extract

# What git allows in a reference's name (git-check-ref-format), so neither an option nor a refspec `from:to`.
PLAIN_NAME = re.compile(r"[^-\s~^:?*\[\\+\x00-\x1f][^\s~^:?*\[\\\x00-\x1f]*")
PATIENCE = 600.0
"""Seconds that one git command may take."""

# Highest of all attribute files: what a clone would hold is built, whatever `export-ignore` leaves out, and
# no filter of this user's own configuration takes part.
EVERYTHING = "* -export-ignore -export-subst -filter\n"
# The platform builds what the caller points it at, also a repository that another user owns. git hides `-c`
# from the upload-pack it starts for a local remote, so the word has to be given to that program itself.
TRUSTING_UPLOAD_PACK = "git -c safe.directory=* upload-pack"
# The user's configuration stays in force for what it is needed for, credentials and proxies; not for these.
NEUTRAL = [
    "core.autocrlf=false",
    "core.attributesFile=/dev/null",
    "core.hooksPath=/dev/null",
    "gc.auto=0",
    "maintenance.auto=false",
]


class Commit(NamedTuple):
    """A commit whose files lie in a directory.

    Attributes:
        sha: Its full SHA; empty for files that were uploaded.
        time: The committer's time, in seconds since the epoch; 0 for these.
        tree: The directory: the commit's root, or the folder of it that was asked for.
    """

    sha: str
    time: int
    tree: Path


def fetch(url: str, revision: str, room: Path, log: Log, folder: str = "") -> Commit:
    """Fetch ``revision`` of the remote ``url`` and lay its files down in a directory in ``room``.

    Args:
        url: A path or a ``file``, ``http``, ``https``, ``ssh`` or ``git`` address.
        revision: A commit's SHA, a branch or a tag.
        room: An empty directory to work in.
        log: Takes the log, line by line.
        folder: The folder that is wanted, relative to the commit's root; that root by default.

    Raises:
        BuildError: ``FETCH_SOURCE_FAILED``, with git's own reason, or what is wrong with the folder.
    """
    _refuse_more_than_names(url, revision)
    store = room / "source.git"
    _git(room, "init", "--quiet", "--bare", "--template=", str(store))
    log(f"Fetching {revision} of {url}")
    sha = _commit(store, url, revision)
    log(f"HEAD is now at {sha}")
    time = max(0, int(_git(store, "show", "-s", "--format=%ct", sha)))
    tree = _files(store, sha, room)
    if not folder:
        return Commit(sha, time, tree)
    log(f"Building its folder {folder!r}")
    # Moved, so that no `..` in it reaches the rest of the commit: a builder sees the folder alone.
    return Commit(sha, time, _inner(tree, folder, sha).rename(room / "folder"))


def uploaded(archive: str, room: Path, log: Log) -> Commit:
    """Lay the files of an archive down in a directory in ``room``; an empty one where there is none.

    The same files give the same image whenever they were uploaded: no time of theirs is kept.

    Raises:
        BuildError: ``FETCH_SOURCE_FAILED``, with the reason.
    """
    tree = room / "tree"
    tree.mkdir()
    log(f"Extracting {archive}" if archive else "There is no source: the steps find an empty folder")
    try:
        if archive:
            extract(Path(archive), tree)
    except UnsafeArchive as error:
        raise BuildError(FETCH_SOURCE_FAILED, f"the source that was uploaded holds {error}") from error
    except OSError as error:
        raise BuildError(FETCH_SOURCE_FAILED, f"there is no source {archive}: {error.strerror}") from error
    return Commit("", 0, tree)


def _refuse_more_than_names(url: str, revision: str) -> None:
    if not url or url.startswith("-") or "\0" in url:
        raise BuildError(FETCH_SOURCE_FAILED, f"not a usable remote: {url!r}")
    if not PLAIN_NAME.fullmatch(revision):
        raise BuildError(FETCH_SOURCE_FAILED, f"not the name of a commit: {revision!r}")


def _commit(store: Path, url: str, revision: str) -> str:
    """The full SHA of the revision, whose objects are in ``store`` afterwards."""
    try:
        _git(store, *_fetching(url), "--depth=1", "--", url, revision)
        return _git(store, "rev-parse", "--verify", "FETCH_HEAD^{commit}")
    except BuildError as error:
        first = error
    # A server may refuse to hand out a commit by its SHA, and none knows a shortened one: fetch all branches.
    try:
        _git(store, *_fetching(url), "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        return _git(store, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except BuildError as error:
        by_branch = f"nor is it on any branch or tag there: {error.detail}"
        detail = f"{revision} cannot be fetched from {url}: {first.detail}; {by_branch}"
        raise BuildError(FETCH_SOURCE_FAILED, detail) from error


def _fetching(url: str) -> list[str]:
    local = url.startswith("file://") or "://" not in url
    return ["fetch", "--quiet", "--no-tags", *([f"--upload-pack={TRUSTING_UPLOAD_PACK}"] if local else [])]


def _files(store: Path, sha: str, room: Path) -> Path:
    (store / "info").mkdir(exist_ok=True)
    (store / "info" / "attributes").write_text(EVERYTHING)
    archive, tree = room / "source.tar", room / "tree"
    _git(store, "archive", "--format=tar", f"--output={archive}", f"{sha}^{{tree}}")
    try:
        extract(archive, tree)
    except UnsafeArchive as error:
        raise BuildError(FETCH_SOURCE_FAILED, f"the commit {sha} holds {error}") from error
    return tree


def _inner(tree: Path, folder: str, sha: str) -> Path:
    """Where a folder of the commit lies, with every link on the way followed.

    Source: ``GitSource.dir``, https://cloud.google.com/build/docs/api/reference/rest/v1/Build#GitSource.
    """
    if folder.startswith("/"):
        raise BuildError(FETCH_SOURCE_FAILED, f"{folder!r} is not relative to the root of the source")
    missing = BuildError(FETCH_SOURCE_FAILED, f"the commit {sha} has no folder {folder!r}")
    outside = BuildError(FETCH_SOURCE_FAILED, f"{folder!r} leads outside of the source")
    if posixpath.normpath(folder).split("/")[0] == "..":
        raise outside
    try:
        found = Path(os.path.realpath(tree / folder, strict=True))
    except (OSError, ValueError) as error:  # a link that leads nowhere or in circles, a name that cannot be
        raise missing from error
    if not found.is_relative_to(tree.resolve()):
        raise outside
    if not found.is_dir():
        raise missing
    return found


def _git(where: Path, *words: str) -> str:
    """The output of one git command, run in ``where``, as one line or more without the last line end."""
    try:
        run = subprocess.run(
            ["git", *(word for setting in NEUTRAL for word in ("-c", setting)), *words],
            cwd=where,
            env=_environment(),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(FETCH_SOURCE_FAILED, f"git cannot be run: {error}") from error
    if run.returncode:
        reason = " ".join(run.stderr.decode(errors="replace").split())
        raise BuildError(FETCH_SOURCE_FAILED, reason or f"git {words[0]} ended with {run.returncode}")
    return run.stdout.decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    """This process's environment without git's own: a hook must not point us at its own repository."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "LC_ALL": "C",
    }
