"""The suite itself: no row is left out, the switch to a real project works, transcripts tell no secrets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import rows, transcript
from tests.conformance.conftest import app_repository, embedded_platform
from tests.conformance.transcript import Transcript
from tests.conformance.world import Place

ROOT = Path(__file__).resolve().parents[2]
FEW = "row_2_ or row_12_ or row_24_ or row_38_the or row_31"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run this suite as a person would."""
    argv = [sys.executable, "-m", "pytest", "tests/conformance", "-q", "-p", "no:cacheprovider", *words]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    return subprocess.run(argv, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


def test_every_row_has_a_test() -> None:
    """The forty-nine rows of Cloud Run and the seven of Cloud Build."""
    assert [number for number in rows.NUMBERS if number not in {rule.row for rule in rows.rules()}] == []


def test_every_test_of_a_row_is_called_after_it_and_says_the_rule() -> None:
    """The number in the name, a sentence in the docstring; and whoever chose says what."""
    for test in rows.tests():
        rule, named = rows.rule_of(test), re.match(r"test_row_([a-z]?\d+)_", test.__name__)
        assert (rule.row.lower() if rule else None) == (named[1] if named else None), test.__name__
        if rule:
            assert rule.says.endswith("."), test.__name__
            assert set(rule.wires) <= set(rows.EVERY)


def test_on_a_real_project_only_what_it_allows_is_asked() -> None:
    """What costs too much, or needs the suite's own app, is left out and named; nothing is started."""
    told = run("--collect-only", "--project", "acme-prod").stdout
    assert "test_row_2_what_exists_cannot_be_created[grpc]" in told
    for left_out, reason in (
        ("test_row_46_a_container_has_ten_seconds_to_end", "whether a process is there"),
        ("test_row_45_a_container_is_told_its_port_and_names", "needs the suite's own app (--image)"),
    ):
        assert f"{left_out}[" not in told
        assert f"not asked of a real project: {left_out}: {reason}" in told
    told = run("--collect-only", "--project", "acme-prod", "--image", "eu/acme/app@sha256:0").stdout
    assert "test_row_45_a_container_is_told_its_port_and_names[rest]" in told


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A second platform, which stands for a real project."""
    folder = tmp_path_factory.mktemp("other")
    with embedded_platform(folder / "state", app_repository(folder)) as found:
        yield found


def test_the_same_tests_run_against_what_is_addressed_as_a_project(other: Place, tmp_path: Path) -> None:
    """They pass, leave nothing behind, and the transcript is that of a platform of their own."""
    where = ["--project", "acme-prod", "--region", "europe-west1", "--image", other.image]
    real = run("-k", FEW, *where, "--endpoint", other.endpoint, "--record", str(tmp_path / "real"))
    assert real.returncode == 0, real.stdout + real.stderr
    own = run("-k", FEW, "--record", str(tmp_path / "own"))
    assert own.returncode == 0, own.stdout + own.stderr
    found = transcript.differences(tmp_path / "own", tmp_path / "real")
    assert not found, "\n".join(found)
    lines = (tmp_path / "real" / "main.jsonl").read_text()
    assert "acme-prod" not in lines
    calls = [json.loads(line) for line in lines.splitlines()]
    assert {call["row"] for call in calls} == {"2", "12", "24", "31", "38"}
    assert {call["wire"] for call in calls} >= {"grpc", "rest"}
    assert all(call["answer"] is not None and call["began"] and call["seconds"] >= 0 for call in calls)


def test_a_transcript_tells_neither_project_nor_secret(tmp_path: Path) -> None:
    """The project's id is replaced, and what lets somebody in is hidden, however deep it stands."""
    one = Transcript(tmp_path, "x", {r"\bacme\b": "PROJECT"})
    request = {"name": "projects/acme/x", "headers": [{"Authorization": "Bearer abc"}], "page_token": "abc"}
    one.add({"row": "1", "test": "t", "wire": "rest"}, "x.Y", request, {"error": "acme-like"}, 0.0)
    told = json.loads((tmp_path / "x.jsonl").read_text())
    assert told["request"] == {
        "name": "projects/PROJECT/x",
        "headers": [{"Authorization": "HIDDEN"}],
        "page_token": "HIDDEN",
    }
    assert told["answer"] == {"error": "PROJECT-like"}
    assert "abc" not in (tmp_path / "x.jsonl").read_text()


def test_a_transcript_names_nobody(tmp_path: Path) -> None:
    """Neither who asked nor the project's number; times, digests and UUIDs stay as they are."""
    one, digest = Transcript(tmp_path, "x", {}), f"sha256:{'1' * 64}"
    answer = {
        "creator": "ann.lee@mail.acme.example",
        "serviceAccount": "123456789012-compute@developer.gserviceaccount.com",
        "urls": ["https://api-123456789012.europe-west1.run.app"],
        "createTime": "2026-11-24T14:00:00.123456789Z",
        "image": digest,
        "operation": "5649f741-daf2-4dcd-a9c4-123456789012",
    }
    one.add({"row": "1", "test": "t", "wire": "rest"}, "x.Y", {}, answer, 0.0)
    told = json.loads((tmp_path / "x.jsonl").read_text())["answer"]
    assert told == answer | {
        "creator": "EMAIL",
        "serviceAccount": "EMAIL",
        "urls": ["https://api-NUMBER.europe-west1.run.app"],
    }


def test_two_transcripts_are_compared_without_what_always_varies(tmp_path: Path) -> None:
    """Times, etags and addresses are no difference; a sentence is, and a test that only one ran is not."""
    for name, sentence in (("one", "a"), ("other", "b")):
        kept = Transcript(tmp_path / name, "x", {})
        for row in ("1", name):
            answer = {"etag": name, "uri": f"http://{name}", "message": sentence if row == "1" else ""}
            kept.add({"row": row, "test": "t", "wire": "rest"}, "x.Y", {}, answer, 0.0)
    found = transcript.differences(tmp_path / "one", tmp_path / "other")
    assert found[0] == "== row 1 · t · rest"
    assert [line.strip() for line in found if line[0] in "+-" and line[:3] not in {"---", "+++"}] == [
        '-  "message": "a",',
        '+  "message": "b",',
    ]
