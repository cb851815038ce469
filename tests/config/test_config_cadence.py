"""What [[cadence]] may say, and how a mistake in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman import config
from relman.errors import ConfigError

SERVICE = '[service.api]\nproject = "acme"\nregion = "europe-west1"\n'


def loaded(folder: Path, *items: str) -> config.Config:
    """A file with these cadence items."""
    text = SERVICE + "".join(f"[[cadence]]\n{item}\n" for item in items)
    (folder / "relman.toml").write_text(text, "utf-8")
    return config.load(folder / "relman.toml")


ITEM = 'id = "mon"\nwhat = "Review incidents"\nwhen = "mon 10:00"\nowner = "ops-lead"'


def test_an_item_needs_only_what_when_and_whose_it_is(tmp_path: Path) -> None:
    """The rest has defaults: half an hour, each week, held by the command that holds."""
    [item] = loaded(tmp_path, ITEM).cadence
    assert (item.length, item.every, item.command, item.pack) == ("30m", 1, ("ops.hold",), ())
    assert (item.when.day, item.when.time, item.when.week) == ("mon", "10:00", None)


@pytest.mark.parametrize(
    ("when", "week"), [("first tue 09:30", 0), ("fourth fri 08:00", 3), ("last sun 23:59", -1)]
)
def test_a_day_of_the_month(tmp_path: Path, when: str, week: int) -> None:
    """Which of the month's such days."""
    [item] = loaded(tmp_path, ITEM.replace("mon 10:00", when)).cadence
    assert item.when.week == week


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            ITEM.replace("mon 10:00", "monday 10:00"),
            "relman.toml:7: cadence[0].when: expected a day and a time",
        ),
        (
            ITEM.replace("mon 10:00", "fifth mon 10:00"),
            "relman.toml:7: cadence[0].when: expected a day and a time",
        ),
        (ITEM.replace("mon 10:00", "mon 24:00"), "relman.toml:7: cadence[0].when: expected a day and a time"),
        (ITEM.replace("mon 10:00", "mon 9:00"), "relman.toml:7: cadence[0].when: expected a day and a time"),
        (ITEM + "\nevery = 2", "needs an 'anchor'"),
        (ITEM.replace("mon 10", "last mon 10") + '\nevery = 2\nanchor = "2026-12-02"', "once a month"),
        (ITEM.replace('"mon"', '"model-review"'), "every model has that review"),
        (ITEM.replace('"mon"', '"Mon"'), "expected an id"),
        (ITEM + '\npack = ["incident"]', "did you mean 'incidents'?"),
        (ITEM + "\ncommand = []", "expected a command or a list of them"),
        (ITEM + '\nowners = "x"', "unknown key, did you mean 'owner'?"),
        ('id = "mon"\nwhen = "mon 10:00"\nowner = "ops-lead"', "missing, and required"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(tmp_path: Path, written: str, said: str) -> None:
    """W9 and the shapes of the words: each mistake has its line and what was expected."""
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, written)
    assert said in str(error.value)


def test_two_items_of_one_name_are_refused(tmp_path: Path) -> None:
    """What is recorded of one would count for both."""
    with pytest.raises(ConfigError, match="another item is called 'mon' too"):
        loaded(tmp_path, ITEM, ITEM)


def test_a_rollback_does_not_look_at_it(tmp_path: Path) -> None:
    """Whatever stands in [[cadence]], the way back is found."""
    with pytest.raises(ConfigError):
        loaded(tmp_path, "when = 7")
    assert config.load_for_rollback(tmp_path / "relman.toml").service
