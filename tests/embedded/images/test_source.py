"""Exactly one commit of any remote, and its files as a clone would hold them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relman.embedded.images.oci import BuildError, unpack

from .builds import built, commit, git, ran


@pytest.mark.parametrize(
    "revision", ["0" * 40, "no-such-branch", "", "--upload-pack=true", "main\n", "HEAD:Procfile"]
)
def test_a_revision_that_is_not_there(repository: Path, tmp_path: Path, revision: str) -> None:
    """A commit that the remote does not have, or no commit at all, is a failed fetch."""
    commit(repository, {"Procfile": "web: x"})
    with pytest.raises(BuildError) as caught:
        built(repository, revision, tmp_path / "layout")
    assert caught.value.kind == "FETCH_SOURCE_FAILED"
    assert caught.value.detail


@pytest.mark.parametrize("url", ["/no/such/repository", "http://127.0.0.1:9/x.git", "ext::true", "", "-x"])
def test_a_remote_that_is_not_there(url: str, tmp_path: Path) -> None:
    """A remote that cannot be read, or that would run a program, is a failed fetch."""
    with pytest.raises(BuildError) as caught:
        built(url, "main", tmp_path / "layout")
    assert caught.value.kind == "FETCH_SOURCE_FAILED"


def test_any_name_of_a_commit_will_do(repository: Path, tmp_path: Path) -> None:
    """Branch, tag, shortened SHA and a commit that no branch leads to directly all find their commit."""
    old = commit(repository, {"Procfile": "web: old"})
    git(repository, "tag", "-a", "v1", "-m", "one")
    new = commit(repository, {"Procfile": "web: new"})
    names = {"main": new, "v1": old, old[:9]: old, old: old}
    for name, sha in names.items():
        assert built(repository, name, tmp_path / "layout").commit == sha


def test_git_of_the_caller_is_left_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GIT_DIR in the environment (a build started by a hook) does not point the build elsewhere."""
    sha = commit(repository, {"Procfile": "web: x"})
    monkeypatch.setenv("GIT_DIR", "/no/such/place")
    assert built(repository, sha, tmp_path / "layout").commit == sha


def test_a_repository_of_another_user(repository: Path, tmp_path: Path) -> None:
    """A repository that another user owns can be built (as long as root runs this: nobody else can give)."""
    sha = commit(repository, {"Procfile": "web: x"})
    for path in (repository, *repository.rglob("*")):
        owner = 12345 if os.getuid() == 0 else -1
        os.chown(path, owner, -1, follow_symlinks=False)
    assert built(repository, sha, tmp_path / "layout").commit == sha


def test_a_shallow_clone_can_be_built(repository: Path, tmp_path: Path) -> None:
    """A shallow clone, as CI makes them, is a remote like any other."""
    commit(repository, {"Procfile": "web: x"})
    sha = commit(repository, {"Procfile": "web: y"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    assert built(tmp_path / "shallow", sha, tmp_path / "layout").commit == sha


def test_an_image_holds_what_a_clone_holds(repository: Path, tmp_path: Path) -> None:
    """Attributes for archives leave nothing out, links stay links, and programs stay executable."""
    (repository / "link").symlink_to("run.sh")
    (repository / "run.sh").write_text("#!/bin/sh\necho run")
    (repository / "run.sh").chmod(0o755)
    sha = commit(
        repository, {".gitattributes": "tests export-ignore\n", "tests/x": "", "Procfile": "web: ./link"}
    )
    image = unpack(
        tmp_path / "layout", built(repository, sha, tmp_path / "layout").digest, tmp_path / "images"
    )
    assert ran(image) == "run"
    assert (image.cwd / "link").is_symlink()
    assert (image.cwd / "tests" / "x").exists()
