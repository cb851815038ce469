"""Commits to build, builds with the defaults of these tests, and what an image prints when it runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from relman.embedded.images.oci import Built, Runnable, build


def git(where: Path, *words: str) -> str:
    """Run git as a person would who has no configuration."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {
        f"GIT_{role}_{part}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    when = {"GIT_AUTHOR_DATE": "2026-11-02T10:00:00Z", "GIT_COMMITTER_DATE": "2026-11-02T10:00:00Z"}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run = subprocess.run(
        ["git", *words], cwd=where, env=env | who | when | alone, capture_output=True, check=True
    )
    return run.stdout.decode().strip()


def commit(repository: Path, files: dict[str, str]) -> str:
    """Commit these files, and answer the commit's SHA."""
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", "a change")
    return git(repository, "rev-parse", "HEAD")


def built(
    url: object,
    revision: str,
    layout: Path,
    *,
    entrypoint: str | None = None,
    dockerfile: bool = False,
    log: Callable[[str], None] = lambda _: None,
    name: str = "registry.example:5000/shop/api",
    folder: str = "",
) -> Built:
    """Build with the defaults of these tests."""
    return build(
        url=str(url),
        revision=revision,
        layout=layout,
        name=name,
        entrypoint=entrypoint,
        dockerfile=dockerfile,
        log=log,
        folder=folder,
    )


def ran(image: Runnable, *, extra: dict[str, str] | None = None) -> str:
    """What the image's command prints."""
    run = subprocess.run(
        image.argv, env=image.env | (extra or {}), cwd=image.cwd, capture_output=True, timeout=20, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode().strip()


def blob_of(layout: Path, digest: str) -> Path:
    """The path of a blob."""
    return layout / "blobs" / "sha256" / digest.removeprefix("sha256:")
