"""What a person must say before a release goes to users: nothing on loopback, the version elsewhere."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from relman import opening, proposing
from relman.app import Relman
from relman.errors import Refused
from relman.tasks.confirming import confirmed, typed
from tests.plan.test_plan import release


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        """A terminal, as far as anybody can tell."""
        return True


def opened(folder: Path, endpoint: str) -> Relman:
    """A relman of a service at an endpoint; nothing is asked of it."""
    (folder / "relman.toml").write_text(
        f'[platform]\nendpoint = "{endpoint}"\n[service.api]\nproject = "acme"\nregion = "europe-west1"\n',
        encoding="utf-8",
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLOUD_")}
    return opening.here(folder, environ=environ)


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[Relman]:
    """A relman whose platform is not on this machine."""
    made = opened(tmp_path, "https://run.example.invalid")
    yield made
    made.close()


def test_on_loopback_nobody_is_asked(tmp_path: Path) -> None:
    """The local platform has no users."""
    made = opened(tmp_path, "http://127.0.0.1:8085")
    confirmed(made, "", io.StringIO())(release())
    made.close()


def test_the_version_is_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """The version, and nothing else, lets it through; the question is no part of the output."""
    typed(release(), Terminal("1.8.0\n"))
    assert "type 1.8.0 to ship it" in capsys.readouterr().err
    for word in ("yes\n", "1.8\n", "\n", ""):
        with pytest.raises(Refused, match="not confirmed"):
            typed(release(), Terminal(word))


def test_without_a_terminal_the_plan_is_named(abroad: Relman) -> None:
    """A pipeline is told which --plan to give; with it, nobody is asked."""
    plan = release()
    with pytest.raises(Refused, match=f"--plan {plan.id}"):
        typed(plan, io.StringIO("1.8.0\n"))
    confirmed(abroad, plan.id, io.StringIO())(plan)


def test_elsewhere_nobody_confirms_blind(abroad: Relman, capsys: pytest.CaptureFixture[str]) -> None:
    """The gates are asked before the question; where they refuse, there is no question."""
    with pytest.raises(Refused, match="REFUSED by working tree"):
        confirmed(abroad, "", Terminal("1.8.0\n"))(release())
    assert "type" not in capsys.readouterr().err


def test_a_stale_plan_says_what_changed(abroad: Relman) -> None:
    """The plan that was shown is compared with the plan of now."""
    shown = release()
    proposing.keep(abroad.root, shown)
    with pytest.raises(Refused, match=r"now is \w+: seconds: 600\.0 -> 300\.0"):
        confirmed(abroad, shown.id, io.StringIO())(release(bake=300.0))
    with pytest.raises(Refused, match="never shown here"):
        confirmed(abroad, "00000000", io.StringIO())(release())
