"""The notes of a realistic history, byte for byte; ``python -m tests.notes.test_mervo`` writes them anew."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from relman.models import Release
from relman.notes import operations, place, values
from relman.notes.reading import Asked, notes_of
from relman.notes.rendering import Templates
from relman.notes.values import Notes
from tests.notes.mervo import HISTORY, REMOTE
from tests.notes.repository import Repository

DB = "projects/1/secrets/db"
GOLDEN = Path(__file__).parent / "golden"
LIVE = {
    "timeout": "300s",
    "containers": [
        {
            "image": "x@sha256:1",
            "env": [
                {"name": "STRIPE_MODE", "value": "hush-old"},
                {
                    "name": "DB",
                    "valueSource": {"secretKeyRef": {"secret": DB, "version": "3"}},
                },
                {"name": "GONE", "value": "hush"},
            ],
            "resources": {"limits": {"memory": "512Mi"}},
        }
    ],
}
CANDIDATE = {
    "maxInstanceRequestConcurrency": 20,
    "containers": [
        {
            "image": "x@sha256:2",
            "env": [
                {"name": "STRIPE_MODE", "value": "hush-new"},
                {
                    "name": "DB",
                    "valueSource": {"secretKeyRef": {"secret": DB, "version": "4"}},
                },
                {"name": "PUSH_KEY", "valueSource": {"secretKeyRef": {"secret": "push", "version": "1"}}},
            ],
            "args": ["--token", "hush"],
            "resources": {"limits": {"memory": "1Gi"}},
        }
    ],
}


def told(folder: Path) -> Notes:
    """The notes of what follows 0.3.0, as a release that is prepared."""
    Repository(folder, HISTORY, remote=REMOTE)
    found = place.here(folder)
    notes = notes_of(found.source, Asked(version="0.4.0"))
    section = operations.told(
        changed=found.source.line.commits.changed(notes.base, notes.commit),
        patterns=found.migrations,
        live=LIVE,
        candidate=CANDIDATE,
        back=Release("0.3.0", "platform-v0-3-0-1a2b3c4", "sha256:0"),
        target="production",
    )
    written = "Clock in **anywhere**: see [the guide](https://example.invalid)."
    return msgspec.structs.replace(notes, operations=section, written=written)


def golden(notes: Notes) -> dict[str, str]:
    """The files, by name."""
    templates = Templates()
    return {
        "mervo-0.4.0.md": templates.notes(notes),
        "mervo-changelog.md": templates.section(notes),
        "mervo-0.4.0.json": values.encode(notes).decode(),
    }


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Notes:
    """The notes."""
    return told(tmp_path_factory.mktemp("mervo"))


@pytest.mark.parametrize("name", ["mervo-0.4.0.md", "mervo-changelog.md", "mervo-0.4.0.json"])
def test_the_files_are_byte_for_byte_what_they_were(notes: Notes, name: str) -> None:
    """The same commits give the same bytes, on every machine."""
    assert golden(notes)[name] == (GOLDEN / name).read_text("utf-8")


def test_no_secret_is_told(notes: Notes) -> None:
    """Neither the remote's credential, nor a variable's value or an argument's, nor a person's address."""
    everything = "".join(golden(notes).values())
    for secret in ("secret-token", "robot", "hush", "example.invalid>", "ada@"):
        assert secret not in everything


def test_the_machine_form_gives_the_notes_back(notes: Notes) -> None:
    """parse(render(x)) = x."""
    assert values.decode(values.encode(notes)) == notes


def test_every_commit_stands_somewhere(notes: Notes) -> None:
    """The account adds up, and each commit of the range is an entry."""
    assert str(notes.account) == "13 commits read = 6 listed + 6 ignored + 1 unparsed"
    assert len(notes.entries) == 13


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, text in golden(told(Path(folder))).items():
            (GOLDEN / name).write_text(text, "utf-8")
            sys.stdout.write(f"{name}\n")
