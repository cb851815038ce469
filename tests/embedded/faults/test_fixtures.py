"""The fixtures for the tests of anybody, found by pytest as it finds those of any installed package."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

USERS = """
import sys
import urllib.request
import urllib.error

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

NAME = "projects/p/locations/l/services/api"


@pytest.fixture
def services(embedded_platform):
    with run_v2.ServicesClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": embedded_platform.endpoint},
    ) as client:
        yield client


def asked(services):
    try:
        services.get_service(name=NAME, retry=None)
    except Exception as error:
        return type(error).__name__


def test_outage(embedded_platform, services, fault):
    outage = fault("unavailable", method="GetService", times=2)
    assert [asked(services) for _ in range(3)] == ["ServiceUnavailable", "ServiceUnavailable", "NotFound"]
    assert (outage.seen, outage.struck) == (3, 2)
    assert [one["name"] for one in embedded_platform.status()["faults"]] == [outage.name]
    fault("latency", latency="1h", service="other")


def test_it_is_over(embedded_platform, services):
    assert asked(services) == "NotFound"
    assert embedded_platform.status()["faults"] == []
    with embedded_platform.fault("exhausted"):
        assert asked(services) == "TooManyRequests"
    assert asked(services) == "NotFound"
    assert embedded_platform.exports["CLOUD_RUN_EMULATOR_HOST"] in embedded_platform.endpoint


def test_what_is_no_fault_is_told(fault):
    with pytest.raises(ValueError, match="did you mean unavailable"):
        fault("unavailble")
    print(f"STATE={sys.modules['relman.embedded.testing'].__name__}")
"""

IDLE = """
import sys


def test_nothing():
    heavy = [name for name in sys.modules if name.split(".")[0] in {"google", "grpc", "requests"}]
    assert heavy == []
    assert "relman.embedded.testing" in sys.modules
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the metadata that an installed relman has, so that its entry points are found."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / "site" / "relman-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: relman\nVersion: 0\n")
    lines = [f"{name} = {value}" for name, value in project["entry-points"]["pytest11"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    return tmp_path / "site"


def run(folder: Path, installed: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a user does, in a folder that knows nothing of relman."""
    (folder / "test_mine.py").write_text(source)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    argv = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py"]
    return subprocess.run(
        argv, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_users_test_has_a_platform_and_faults(tmp_path: Path, installed: Path) -> None:
    """Without an import: faults end with their test, and nothing runs when the last test is over."""
    ran = run(tmp_path, installed, USERS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout


def test_nobody_pays_for_what_is_not_used(tmp_path: Path, installed: Path) -> None:
    """It loads the fixtures, and nothing of Google's; no platform is started."""
    ran = run(tmp_path, installed, IDLE)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not list(tmp_path.rglob("state.db"))


def test_no_platform_is_left_behind(tmp_path: Path, installed: Path) -> None:
    """Also when tests fail: the folder stays for whoever looks for a reason, no process does."""
    base = tmp_path / "base"
    source = "def test_bad(embedded_platform):\n    raise AssertionError(embedded_platform.state)\n"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = --basetemp={base}\n")
    assert run(tmp_path, installed, source).returncode == 1
    states = list(base.rglob("state.db"))
    assert len(states) == 1
    assert not (states[0].parent / "serving").exists()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(states[0].parent) not in running
