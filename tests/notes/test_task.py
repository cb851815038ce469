"""``inv release.notes`` as people type it: any repository, any machine, the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.notes.mervo import HISTORY, REMOTE
from tests.notes.repository import Made, Repository

ODD = {
    "LC_ALL": "tr_TR.UTF-8",
    "LANGUAGE": "de",
    "TZ": "Pacific/Kiritimati",
    "GIT_CONFIG_COUNT": "7",
    "COLUMNS": "20",
}
SETTINGS = {
    "log.showSignature": "true",
    "color.ui": "always",
    "log.date": "relative",
    "i18n.logOutputEncoding": "UTF-16",
    "core.abbrev": "4",
    "log.decorate": "full",
    "url.https://evil.invalid/.insteadOf": "https://",
}


@pytest.fixture(scope="module")
def mervo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A realistic history, without a relman.toml."""
    return Repository(tmp_path_factory.mktemp("mervo"), HISTORY, remote=REMOTE)


def test_the_same_commit_gives_the_same_bytes_on_any_machine(mervo: Repository) -> None:
    """Whatever the locale, the time zone and git's configuration."""
    settings = {f"GIT_CONFIG_KEY_{at}": name for at, name in enumerate(SETTINGS)}
    settings |= {f"GIT_CONFIG_VALUE_{at}": value for at, value in enumerate(SETTINGS.values())}
    for words in (["--json"], []):
        assert mervo.told(*words, environ=ODD | settings) == mervo.told(*words)


def test_a_locale_without_utf8_changes_no_byte(tmp_path: Path) -> None:
    """A file or a pipe is given UTF-8: nothing of a message is lost on the way."""
    place = Repository(tmp_path, [Made("feat: snöw ☃")])
    latin = {"PYTHONIOENCODING": "latin-1"}  # what such a locale leads to, wherever it is installed
    for words in (["--json"], []):
        assert "snöw ☃" in place.told(*words, environ=latin)
        assert place.told(*words, environ=latin) == place.told(*words)


def test_what_is_asked_for_by_range_version_or_commit(mervo: Repository) -> None:
    """A version, a tag and a hash of the same commit are the same; no range is the last release's."""
    by_tag, by_version, by_hash, bare = (
        mervo.told("--json", *words)
        for words in (
            ["--from", "v0.3.0"],
            ["--from", "0.3.0", "--to", "HEAD"],
            ["--from", mervo.git("rev-parse", "v0.3.0")],
            [],
        )
    )
    assert by_tag == by_version == by_hash == bare
    assert json.loads(mervo.told("--json", "--to", "v0.3.0"))["name"] == "0.3.0"
    assert json.loads(mervo.told("--json", "--version", "0.3.0"))["base"] == ""


def test_all_notes_are_a_line_of_json_each(mervo: Repository) -> None:
    """What waits first, then each release; and as Markdown a heading each."""
    found = [json.loads(line) for line in mervo.told("--all", "--json").splitlines()]
    assert [one["version"] for one in found] == ["", "0.3.0"]
    assert mervo.told("--all").count("\n# 0.3.0 (") == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--from", "nonsense"], 3, "there is no commit nonsense here"),
        (["--version", "1.2"], 2, "not a version that a release can have"),
        (["--all", "--to", "HEAD"], 2, "--all goes without a range"),
        (["--service", "api"], 2, "there is no such service"),
        (["--from", "--upload-pack=x"], 2, "looks like a flag"),
    ],
)
def test_what_cannot_be_answered_ends_with_a_code(
    mervo: Repository, words: list[str], code: int, said: str
) -> None:
    """2 for what is misspelled, 3 for what does not exist."""
    done = mervo.run("release.notes", *words)
    assert (done.returncode, said in done.stderr.decode()) == (code, True), done.stderr


def test_a_folder_without_git_or_commits(tmp_path: Path) -> None:
    """A repository without a commit is refused, a folder of no repository too."""
    Repository(tmp_path / "empty", [Made("x")]).git("update-ref", "-d", "refs/heads/main")
    bare = Repository(tmp_path / "one", [Made("feat: a")])
    assert bare.run("release.notes", environ={"GIT_DIR": str(tmp_path / "none")}).returncode == 2


def test_a_shallow_clone_is_told_apart(mervo: Repository, tmp_path: Path) -> None:
    """What was cut off cannot be told, and the command that mends it is said."""
    mervo.git("clone", "--quiet", "--depth", "2", f"file://{mervo.folder}", str(tmp_path / "cut"))
    cut = Repository.__new__(Repository)
    cut.folder = tmp_path / "cut"
    done = cut.run("release.notes")
    assert done.returncode == 3
    assert "git fetch --unshallow --tags" in done.stderr.decode()


def test_a_service_of_relman_toml_has_its_own_line(tmp_path: Path) -> None:
    """Tags of its prefix, commits of its paths, a name of its own, and no record."""
    history = [
        Made("feat: start", "api-v1.0.0", file="api/a.py"),
        Made("feat: of the api", file="api/b.py"),
        Made("feat: of the web", file="web/c.py"),
        Made("docs: notes", file="release_notes/api-1.0.0.md"),
    ]
    repository = Repository(tmp_path, history)
    places = '\nproject = "acme"\nregion = "europe-west1"\n'
    (tmp_path / "relman.toml").write_text(
        f'[service.api]{places}paths = ["api"]\n[service.web]{places}paths = ["web"]\n', "utf-8"
    )
    found = json.loads(repository.told("--json", "--service", "api", "--version", "1.1.0"))
    assert (found["name"], found["tag"], found["since"]) == ("api-1.1.0", "api-v1.1.0", "api-v1.0.0")
    assert [entry["text"] for entry in found["entries"]] == ["of the api"]
    assert found["account"] == {"read": 3, "listed": 1, "ignored": 2, "unparsed": 0}
