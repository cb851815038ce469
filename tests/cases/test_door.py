"""What the case door does with files that it cannot run, and with cases that are wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from . import door

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_EXAMPLES = _HERE / "data" / "window_cases.json"


def _door(*arguments: str, under: Path) -> subprocess.CompletedProcess[str]:
    """Pytest as a person starts it, with its cache elsewhere."""
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={under}", f"--ignore={__file__}"]
    return subprocess.run([*command, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for case files."""
    made = tmp_path / "cases"
    made.mkdir()
    return made


def test_names_a_format_that_it_does_not_know(folder: Path, tmp_path: Path) -> None:
    """An unknown format is an error that names the format and the file; the other files still run."""
    (folder / "new_cases.json").write_text('{"format": "relman-tide-cases/7", "cases": []}')
    (folder / _EXAMPLES.name).write_bytes(_EXAMPLES.read_bytes())
    told = _door("tests/cases", "--cases", str(folder), under=tmp_path)
    assert told.returncode == 1
    assert "relman-tide-cases/7" in told.stdout
    assert "new_cases.json" in told.stdout
    assert "1 failed, 10 passed" in told.stdout


def test_fails_a_case_that_is_wrong(folder: Path, tmp_path: Path) -> None:
    """A case whose expectation is a second off fails: the door does compare."""
    document = json.loads(_EXAMPLES.read_text())
    document["cases"][0]["expect"]["closes_at"] = "2026-07-15T15:00:01Z"
    (folder / "off_cases.json").write_text(json.dumps(document))
    told = _door("tests/cases", "--cases", str(folder), under=tmp_path)
    assert told.returncode == 1
    assert "1 failed" in told.stdout
    assert "off_cases.json:W01" in told.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"format": "relman-window-cases/1", "cases": []}', "has no cases"),
        ('{"format": "relman-window-cases/1", "tides": [1]}', "unknown parts"),
        ('{"cases": []}', "format"),
        ("{", "Expecting"),
        (None, "there is no *_cases.json"),
    ],
)
def test_is_never_green_for_nothing(text: str | None, told: str, folder: Path) -> None:
    """A folder or a file without a case that can be run fails, saying why."""
    if text is not None:
        (folder / "odd_cases.json").write_text(text)
    (only,) = door.cases(folder)
    with pytest.raises(pytest.fail.Exception, match=told.replace("*", r"\*")):
        only.check()


@pytest.mark.parametrize(
    ("built", "told"),
    [
        ({"steps": [{"op": "rebase"}], "expect": None}, "the format has no step 'rebase'"),
        ({"steps": [{"op": "commit", "msg": "feat: a"}], "accept": ["0.1.0"]}, None),
        ({"steps": [{"op": "commit", "msg": "feat: a"}], "accept": ["0.2.0"]}, "odd"),
        ({"steps": [{"op": "commit", "msg": "feat: a"}], "accept": None, "expect": "0.1.0"}, None),
        ({"steps": [{"op": "commit", "msg": "feat: a"}], "accept": None}, "odd"),
        ({"steps": [{"op": "commit", "msg": "feat: a"}], "accept": "10.1.0"}, "odd"),
    ],
)
def test_a_history_is_built_as_it_stands(built: dict[str, object], told: str | None, folder: Path) -> None:
    """A step that is not known fails by its name; ``accept`` may stand without ``expect``, or be null."""
    history = {"id": "odd", "ask": "next", **built}
    (folder / "odd_cases.json").write_text(
        json.dumps({"format": "relman-commit-cases/1", "histories": [history]})
    )
    (only,) = door.cases(folder)
    if told is None:
        only.check()
        return
    with pytest.raises((ValueError, AssertionError), match=told):
        only.check()


def test_another_reading_that_counts_is_no_failure(folder: Path) -> None:
    """Where ``accept_bumps`` lets a message be conventional or not, type and group follow from that."""
    message = {"id": "m", "message": "\nfeat: a", "accept_bumps": [None, "minor"]}
    expect = {"conventional": False, "bump": None, "breaking": False, "group": None}
    (folder / "odd_cases.json").write_text(
        json.dumps({"format": "relman-commit-cases/1", "messages": [{**message, "expect": expect}]})
    )
    (only,) = door.cases(folder)
    only.check()


@pytest.mark.parametrize(("bumps", "well"), [(None, True), ("patch", True), (["minor", None], False)])
def test_of_bumps_that_count_none_or_one_may_be_named(bumps: object, well: bool, folder: Path) -> None:  # noqa: FBT001
    """Null is as if nothing was said, a single one a list of it."""
    message = {"id": "m", "message": "fix: a", "accept_bumps": bumps, "expect": {"bump": "patch"}}
    (folder / "odd_cases.json").write_text(
        json.dumps({"format": "relman-commit-cases/1", "messages": [message]})
    )
    (only,) = door.cases(folder)
    with nullcontext() if well else pytest.raises(AssertionError):
        only.check()


def _window_case(**case: object) -> dict[str, object]:
    written = {"days": ["wed"], "start": "10:00", "end": "16:00"}
    named = {"london": {"tz": "Europe/London", "windows": [written]}}
    return {"format": "relman-window-cases/1", "version": 1, "meta": {}, "schedules": named, **case}


@pytest.mark.parametrize(
    ("document", "well"),
    [
        (_window_case(invalid_now=[{"id": "a", "schedule": "london", "now": None}]), True),
        (_window_case(invalid_now=[{"id": "a", "schedule": "london", "now": "2026-12-02T10:00Z"}]), False),
        (_window_case(invalid_schedules=[{"id": "a", "schedule": "nowhere"}]), True),
        (_window_case(invalid_schedules=[{"id": "a", "schedule": None}]), True),
        (_window_case(invalid_schedules=[{"id": "a", "schedule": "london"}]), False),
        (_window_case(cases=None, invalid_schedules=[{"id": "a", "schedule": []}]), True),
    ],
)
def test_what_is_to_be_refused_fails_where_it_is_not(
    document: dict[str, object],
    well: bool,  # noqa: FBT001
    folder: Path,
) -> None:
    """A time or a schedule of any shape is refused with a reason; one that is fine is a case that fails."""
    (folder / "odd_cases.json").write_text(json.dumps(document))
    (only,) = door.cases(folder)
    with nullcontext() if well else pytest.raises(pytest.fail.Exception):
        only.check()
