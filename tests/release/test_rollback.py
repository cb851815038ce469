"""The way back: from anywhere, with nothing, and telling the truth."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from relman.live import WAY_BACK
from tests.release.shop import Shop
from tests.release.test_failures import by_hand


@pytest.fixture
def two(open_shop: Shop) -> Shop:
    """A shop with two releases, the second one serving."""
    open_shop.sell("sugar")
    assert open_shop.run("release.cut").code == 0
    return open_shop


def place(shop: Shop) -> list[str]:
    """The flags that name a service where there is no relman.toml."""
    return ["--service", shop.name, "--project", "acme", "--region", "europe-west1"]


def away(shop: Shop, folder: Path) -> dict[str, str]:
    """An environment with nothing but Python: no git on the PATH, and the platform's address."""
    folder.mkdir()
    return {
        "PATH": str(folder),
        "HOME": str(folder / "home"),
        "PYTHONPATH": shop.environ["PYTHONPATH"],
        "CLOUD_RUN_EMULATOR_HOST": shop.endpoint.removeprefix("http://"),
    }


def first(shop: Shop) -> str:
    """The revision of 0.1.0."""
    return next(name for name in shop.revisions() if "-v0-1-0-" in name)


def test_all_traffic_goes_back_and_the_seconds_are_told(two: Shop) -> None:
    """Exit 0; read back, asked live, and recorded; decide, shift and verify are told in seconds."""
    ended = two.run("release.rollback")
    assert ended.code == 0, ended.out
    for word in ("0.1.0 serves again", "decide", "shift", "verify", "5 answers, all from"):
        assert word in ended.out
    assert two.live().split.sole == first(two)
    assert two.kinds()[-2:] == ["release.rolled_back", "run.closed"]


def test_a_second_rollback_goes_no_further_by_itself(two: Shop) -> None:
    """Two people type it at once: the traffic is where the first one put it."""
    two.sell("tea")
    assert two.run("release.cut").code == 0
    assert two.run("release.rollback").code == 0
    where = two.live().split
    again = two.run("release.rollback")
    assert again.code == 0
    assert "serves already" in again.out
    assert two.live().split == where
    assert two.run("release.rollback", "--to", "0.1.0").code == 0
    assert two.live().split.sole == first(two)


def test_it_works_in_an_empty_folder_without_git(two: Shop, tmp_path: Path) -> None:
    """No repository, no git, no configuration: the way back is read from the service; a journal is kept."""
    empty = tmp_path / "empty"
    empty.mkdir()
    environ = away(two, tmp_path / "bare")
    ended = two.run("release.rollback", *place(two), folder=empty, environ=environ)
    assert ended.code == 0, ended.out + ended.err
    assert two.live().split.sole == first(two)
    journal = tmp_path / "bare" / "home" / ".local" / "state" / "relman" / "acme" / "europe-west1" / two.name
    assert (journal / "ledger.db").is_file()
    assert not list(empty.iterdir())


def test_a_rollback_from_elsewhere_is_taken_in_by_the_next_command(two: Shop, tmp_path: Path) -> None:
    """The repository's ledger learns of it from the service; the bad release is no way back any more."""
    environ = away(two, tmp_path / "bare")
    assert two.run("release.rollback", *place(two), folder=tmp_path / "bare", environ=environ).code == 0
    two.sell("tea")
    assert two.run("release.cut").code == 0
    assert "release.rolled_back" in two.kinds()
    assert [release.revision for release in two.live().way_back.chain] == [first(two)]


def test_builder_checklists_and_a_broken_file_do_not_stand_in_its_way(two: Shop) -> None:
    """A relman.toml whose window is nonsense, no smoke file, no .git: it goes back all the same."""
    shutil.rmtree(two.folder / "smoke")
    shutil.rmtree(two.folder / ".git")
    config = two.folder / "relman.toml"
    config.write_text(config.read_text(encoding="utf-8") + '\n[window]\ntz = "Nowhere"\n', encoding="utf-8")
    environ = {**two.environ, "CLOUD_BUILD_EMULATOR_HOST": "127.0.0.1:1"}
    assert two.run("release.cut", environ=environ).code == 2
    ended = two.run("release.rollback", environ=environ)
    assert ended.code == 0, ended.out
    assert two.live().split.sole == first(two)


def test_a_ledger_that_cannot_be_written_does_not_stand_in_its_way(two: Shop) -> None:
    """With a broken ledger and no home, it says that nothing can be recorded, and goes back."""
    (two.folder / ".relman" / "ledger.db").write_bytes(b"broken" * 1000)
    environ = {**two.environ, "HOME": "/proc/nobody"}
    ended = two.run("release.rollback", environ=environ)
    assert ended.code == 0, ended.out
    assert "no record can be kept at all" in ended.out
    assert two.live().split.sole == first(two)


def test_a_platform_that_is_away_is_said_so_within_ten_seconds(two: Shop, tmp_path: Path) -> None:
    """Exit 69, with what to type."""
    began = time.monotonic()
    environ = {**away(two, tmp_path / "bare"), "CLOUD_RUN_EMULATOR_HOST": "127.0.0.1:1"}
    ended = two.run("release.rollback", *place(two), folder=tmp_path / "bare", environ=environ)
    assert ended.code == 69, ended.out
    assert "does not answer" in ended.out
    assert time.monotonic() - began < 10


def test_a_rollback_takes_over_from_a_cut_that_runs(two: Shop) -> None:
    """The rollback waits for nothing and ends with 0; the cut finds out, writes no more, ends with 6."""
    stable = two.live().split.sole
    two.slow("60s")
    two.sell("tea")
    cut = two.started_until("release.cut", "step.intent bake-20")
    ended = two.run("release.rollback")
    out, _ = cut.communicate(timeout=30)
    assert (ended.code, cut.returncode) == (0, 6), out
    assert two.live().split.sole == stable


def test_a_target_that_could_not_be_probed_is_passed_over(two: Shop) -> None:
    """Of two good releases the newest that a probe finds healthy is taken; one without a tag has no URL."""
    two.sell("tea")
    assert two.run("release.cut").code == 0
    second = next(name for name in two.revisions() if "-v0-2-0-" in name)
    live = two.live()
    keep = [target for target in live.asked if target.revision != second]
    traffic = [
        {"type": one.type, "revision": one.revision, "percent": one.percent, "tag": one.tag} for one in keep
    ]
    two.cloud.settle(two.cloud.update(two.key, etag=live.etag, body={"traffic": traffic}), 10)
    ended = two.run("release.rollback")
    assert ended.code == 0, ended.out
    assert "it has no tag, so it was not probed" in ended.out
    assert two.live().split.sole == first(two)


def test_what_is_not_known_to_be_good_is_refused(two: Shop) -> None:
    """Exit 3 names what is known; nothing is changed."""
    before = two.live()
    ended = two.run("release.rollback", "--to", "9.9.9")
    assert ended.code == 3
    assert "0.1.0" in ended.out
    assert two.live() == before


def test_with_one_release_there_is_nothing_to_go_back_to(open_shop: Shop) -> None:
    """Exit 3, and the traffic stays."""
    before = open_shop.live()
    ended = open_shop.run("release.rollback")
    assert ended.code == 3
    assert "nothing to roll" in ended.out
    assert open_shop.live() == before


def test_a_service_that_does_not_exist_is_refused(two: Shop, tmp_path: Path) -> None:
    """Exit 3 names the service."""
    environ = away(two, tmp_path / "bare")
    flags = ["--service", "nobody", "--project", "acme", "--region", "europe-west1"]
    ended = two.run("release.rollback", *flags, folder=tmp_path / "bare", environ=environ)
    assert ended.code == 3
    assert "no service nobody" in ended.out


def test_after_a_hand_moved_the_traffic_it_still_goes_back(two: Shop) -> None:
    """A rollback insists: whatever the traffic is, it goes to the newest good release that does not serve."""
    stable = first(two)
    second = two.live().split.sole
    by_hand(two, stable)
    by_hand(two, second)
    assert two.run("release.rollback").code == 0
    assert two.live().split.sole == stable


def test_the_way_back_on_the_service_is_plain_json(two: Shop) -> None:
    """Anybody can read the annotation: version, revision and digest, newest first."""
    told = json.loads(two.live().annotations[WAY_BACK])
    assert [set(release) for release in told["chain"]] == [{"version", "revision", "digest"}]
    assert told["chain"][0]["digest"].startswith("sha256:")


def test_a_person_may_name_a_release_that_was_rolled_back_from(two: Shop) -> None:
    """--to is obeyed for whatever the ledger ever called a release; nothing else is refused."""
    second = two.live().split.sole
    assert two.run("release.rollback").code == 0
    assert two.run("release.rollback", "--to", "0.2.0").code == 0
    assert two.live().split.sole == second


def test_a_target_that_is_unhealthy_too_is_said_loudly(shop: Shop, tmp_path: Path) -> None:
    """What all revisions share is broken: the traffic moves, exit 5, and so each time it is typed again."""
    broken = tmp_path / "broken"
    app = shop.folder / "app.py"
    guard = f'    if Path("{broken}").exists():\n        raise OSError("the database is gone")\n'
    start = '    """The shop window."""\n'
    app.write_text(app.read_text(encoding="utf-8").replace(start, start + guard), encoding="utf-8")
    shop.commit("feat: look at the database")
    assert shop.run("release.cut").code == 0
    shop.sell("sugar")
    assert shop.run("release.cut").code == 0
    broken.touch()
    ended = shop.run("release.rollback")
    assert ended.code == 5, ended.out
    assert "HTTP 500" in ended.out
    assert shop.live().split.sole == first(shop)
    again = shop.run("release.rollback")
    assert again.code == 5, again.out
    assert "is not well" in again.out
    broken.unlink()
    assert shop.run("release.rollback").code == 0


def test_without_a_file_or_flags_it_says_what_to_type(shop: Shop, tmp_path: Path) -> None:
    """Exit 2 names the three flags."""
    ended = shop.run("release.rollback", folder=tmp_path)
    assert ended.code == 2
    assert "--service NAME --project PROJECT --region REGION" in ended.out


def test_a_release_that_was_left_and_gone_back_to_is_good_again(two: Shop) -> None:
    """After rollback and --to the other one, the next release has it as its stable."""
    assert two.run("release.rollback").code == 0
    assert two.run("release.rollback", "--to", "0.2.0").code == 0
    two.sell("tea")
    ended = two.run("release.cut")
    assert ended.code == 0, ended.out
    assert "-v0-2-0-" in two.live().way_back.chain[0].revision


def test_a_candidate_that_never_listens_holds_nobody_up(two: Shop) -> None:
    """The service reconciles for minutes; the rollback is done, and proven, in seconds."""
    (two.folder / "app.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    two.commit("fix: sleep")
    cut = two.started_until("release.cut", "step.intent deploy")
    time.sleep(1)
    began = time.monotonic()
    ended = two.run("release.rollback", "--to", "0.1.0")
    assert ended.code == 0, ended.out
    assert time.monotonic() - began < 15
    assert two.live().served_split.sole == first(two)
    out, _ = cut.communicate(timeout=30)
    assert cut.returncode == 6, out
