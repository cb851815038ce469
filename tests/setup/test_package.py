"""relman as a stranger installs it: a wheel, a console command, and no checkout."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tracked files of this checkout."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source / name)
    for name in ("relman", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".relman"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    [path] = target.glob("relman-*.whl")
    return path


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Tests, scripts and tasks stay in the repository; the type marker and the licence go along."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"relman"}
    assert "relman/py.typed" in names
    assert "relman/notes/templates/notes.md" in names, "the release notes are made from it"
    assert "relman/examples/hello/app.py" in names, "the demo ships it"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_an_installed_relman_works_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """``relman`` and ``python -m relman`` list the tasks where there is neither checkout nor tasks.py."""
    venv, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    install(wheel, venv)
    [site] = venv.glob("lib/python3*/site-packages")
    # Its dependencies, from where these tests have them; fetching them anew is the registry's test.
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if "site-packages" in path))
    for command in ([str(venv / "bin/relman")], [str(venv / "bin/python"), "-m", "relman"]):
        assert "test.run (test)" in told([*command, "--list"], empty)
    assert told([str(venv / "bin/relman"), "--version"], empty).startswith("relman ")
    source = [str(venv / "bin/python"), "-c", "import relman; print(relman.__file__)"]
    assert told(source, empty).startswith(str(site))


def told(command: list[str], folder: Path) -> str:
    """What a command prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def install(wheel: Path, venv: Path) -> None:
    """Install the wheel with whichever installer ``./inv`` found here."""
    python, what = str(venv / "bin/python"), ["--no-deps", "--no-index", "--quiet", str(wheel)]
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "--python", python, "install", *what]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--python", python, *what]
    else:
        command = [os.path.realpath(sys.executable), "-m", "pip", "--python", python, "install", *what]
    subprocess.run(command, check=True)
