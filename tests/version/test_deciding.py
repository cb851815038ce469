"""The next version of a repository, by its tags, commits and relman.toml; and ``release.version``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relman import deciding, line, version
from relman.deciding import Wish
from relman.errors import ConfigError, Refused, UsageError

from .conftest import Repository

PLAIN = Wish()
SERVICE = '[service.{0}]\nproject = "acme"\nregion = "europe-west1"\n'


def decided(
    repository: Repository, wish: Wish | None = None, service: str = "", below: str = ""
) -> str | None:
    """The version that follows here."""
    return deciding.decide(line.here(repository.folder / below, service), wish or Wish()).version


def configured(repository: Repository, text: str, below: str = "") -> None:
    """Commit a relman.toml."""
    place = repository.folder / below / "relman.toml"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    repository.git("add", "--all")
    repository.commit("chore: configure")


# ── wishes ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bump", "expected"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4"), (None, "1.2.4")]
)
def test_a_bump_that_a_person_names_wins(
    bump: version.Bump | None, expected: str, repository: Repository
) -> None:
    """Over what the commits ask for, upwards and downwards."""
    repository.commit("fix: a")
    assert decided(repository, Wish(bump=bump)) == expected


def test_a_person_means_what_semver_says_in_0_x_too(repository: Repository) -> None:
    """``--bump major`` leads to 1.0.0, at the first release as well, and needs no commit."""
    repository.git("tag", "--delete", "v1.2.3")
    assert decided(repository, Wish(bump="major")) == "1.0.0"
    repository.git("tag", "v0.3.1")
    assert decided(repository, Wish(bump="major")) == "1.0.0"
    assert decided(repository, Wish(bump="patch", pre_release=True)) == "0.3.2-rc.1"


def test_an_earlier_commit_and_an_earlier_start(repository: Repository) -> None:
    """``--commit`` asks of another commit; ``--from`` reads from there, with the release behind that."""
    fix = repository.commit("fix: a")
    repository.commit("feat: b")
    assert decided(repository, Wish(tip=fix)) == "1.2.4"
    repository.git("tag", "v1.3.0")
    repository.commit("fix: c")
    assert decided(repository, Wish(after="v1.3.0")) == "1.3.1"
    with pytest.raises(Refused, match=r"version 1\.3\.0 is tagged already: v1\.3\.0 is on"):
        decided(repository, Wish(after="v1.2.3"))


def test_a_version_without_a_tag_counts_too(repository: Repository) -> None:
    """What the ledger tells of and no tag does: the next one is above it."""
    repository.commit("fix: a")
    assert decided(repository, Wish(known=("1.9.0", "1.2.3"))) == "1.9.1"
    assert decided(repository, Wish(known=("1.1.0",))) == "1.2.4"
    assert decided(repository, Wish(known=("1.3.0-rc.2",))) == "1.3.0"


# ── relman.toml ──────────────────────────────────────────────────────────────────────────────────


def test_what_is_settled_is_heeded(repository: Repository) -> None:
    """[version] of relman.toml, whose defaults are not those of the specification."""
    configured(repository, SERVICE.format("api"))
    repository.commit("words")
    assert decided(repository) == "1.2.4"
    for policy, expected in (("ignore", None), ("patch", "1.2.4")):
        (repository.folder / "relman.toml").write_text(
            f'[version]\nunconventional = "{policy}"\n' + SERVICE.format("api")
        )
        assert decided(repository) == expected
    (repository.folder / "relman.toml").write_text(
        '[version]\nunconventional = "refuse"\npre_release = "beta"\n' + SERVICE.format("api")
    )
    with pytest.raises(Refused, match=r"commits of no convention are refused.*'words'"):
        decided(repository)
    assert decided(repository, Wish(bump="minor", pre_release=True)) == "1.3.0-beta.1"


def test_each_service_has_its_line(repository: Repository) -> None:
    """Paths from relman.toml's folder, tags with the service's name or with a prefix of its own."""
    two = SERVICE.format("api") + 'paths = ["api", "lib/*.py"]\n'
    two += SERVICE.format("web") + 'paths = ["web"]\ntag_prefix = "w"\n'
    configured(repository, two)
    repository.git("tag", "api-v2.0.0")
    repository.git("tag", "w3.0.0")
    repository.commit("feat: a", "api/app.py")
    repository.commit("fix: b", "web/index.html", "lib/notes.txt")
    assert decided(repository, service="api") == "2.1.0"
    assert decided(repository, service="web") == "3.0.1"
    repository.git("tag", "api-v2.1.0", "HEAD~1")
    assert decided(repository, service="api") is None
    repository.commit("fix: both", "lib/x.py", "web/index.html")
    assert (decided(repository, service="api"), decided(repository, service="web")) == ("2.1.1", "3.0.1")
    with pytest.raises(UsageError, match="which service"):
        decided(repository)
    with pytest.raises(UsageError, match="no such service"):
        decided(repository, service="other")


def test_paths_are_those_of_the_folder_of_relman_toml(repository: Repository) -> None:
    """A relman.toml farther down; its paths may lead up, but not out of the repository."""
    configured(repository, SERVICE.format("api") + 'paths = [".", "../lib"]\n', below="api")
    repository.git("tag", "--force", "v1.2.3")
    repository.commit("feat: other", "web/x")
    assert decided(repository, below="api") is None
    repository.commit("fix: lib", "lib/x")
    assert decided(repository, below="api") == "1.2.4"
    repository.commit("feat: here", "api/x")
    assert decided(repository, below="api") == "1.3.0"
    configured(repository, SERVICE.format("api") + 'paths = ["../../other"]\n', below="api")
    with pytest.raises(ConfigError, match=r"relman\.toml:4: service\.api\.paths\[0\].*outside"):
        decided(repository, below="api")


def test_records_ask_for_nothing(repository: Repository) -> None:
    """What relman and the team write about a release is no reason for another (ruling 9)."""
    configured(repository, SERVICE.format("api"))
    repository.commit("fix: the notes", "release_notes/1.2.3.md", "CHANGELOG.md")
    assert decided(repository) is None


# ── the task ─────────────────────────────────────────────────────────────────────────────────────


def test_the_task_tells_the_version_and_why(repository: Repository) -> None:
    """The first line is the version; then what it follows from, and what may be breaking."""
    made = repository.commit("fix: a\n\nBREAKING CHANGE #12")
    told = repository.relman("release.version")
    assert (told.code, told.err) == (0, "")
    start = repository.git("rev-parse", "v1.2.3")
    assert told.out.splitlines() == [
        "1.2.4",
        f"  after 1.2.3 (v1.2.3 on {start[:7]})",
        "  1 commit read = 1 listed (1 fix) + 0 ignored + 0 unparsed",
        f"  possible breaking change in {made[:7]}: BREAKING CHANGE #12",
    ]


def test_the_task_answers_programs(repository: Repository) -> None:
    """One object; null where nothing asks for a release, which is no error."""
    assert json.loads(repository.relman("release.version", "--json").out)["version"] is None
    head = repository.commit("feat: größe")
    told = json.loads(repository.relman("release.version", "--json", "--rc").out)
    assert (told["version"], told["tag"], told["commit"]) == ("1.3.0-rc.1", "v1.3.0-rc.1", head)
    assert told["last"]["version"] == "1.2.3"
    assert told["account"]["read"] == told["account"]["listed"] == 1
    one = json.loads(repository.relman("release.version", "--json", "--explain", "HEAD").out)
    assert one == {
        "commit": head,
        "subject": "feat: größe",
        "type": "feat",
        "place": "listed",
        "bump": "minor",
        "why": "it asks for a minor version",
    }


def test_the_same_commit_gives_the_same_bytes_anywhere(repository: Repository) -> None:
    """Whatever the locale, the zone, the encoding of the terminal and the folder."""
    repository.commit("feat: größe\n\nBreaking-change: ä", "sub/x")
    ways: list[dict[str, str]] = [
        {},
        {"LC_ALL": "C", "TZ": "Pacific/Apia"},
        {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "TZ": "Asia/Kolkata"},
        {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "LC_ALL": "POSIX"},
        {"COLUMNS": "20", "NO_COLOR": "1", "GIT_PAGER": "false", "GIT_TRACE": "0"},
    ]
    told = {repository.relman("release.version", "--json", **way).out for way in ways}
    assert len(told) == 1
    assert "Breaking-change: \\u00e4" in told.pop()
    (repository.folder / "tasks.py").write_text("from relman.tasks import ns\n")
    explain = ("release.version", "--explain", "HEAD")
    pages = {repository.relman(*explain, by=by, **way).out for way in ways for by in ("relman", "invoke")}
    assert len(pages) == 1
    assert "feat: größe\n" in pages.pop()


def test_one_commit_is_explained(repository: Repository) -> None:
    """What it did, or why it was not even read."""
    repository.git("branch", "side")
    feat = repository.commit("feat: a")
    repository.commit(f"revert: feat: a\n\nRefs: {feat[:9]}")
    repository.git("checkout", "--quiet", "side")
    elsewhere = repository.commit("fix: s")
    repository.git("checkout", "--quiet", "main")
    revert = repository.git("rev-parse", "HEAD")

    def told(name: str) -> str:
        return repository.relman("release.version", "--explain", name).out

    assert told(feat) == f"{feat[:7]} feat: a\n  ignored: reverted by {revert[:7]}\n"
    assert told("HEAD").endswith("ignored: it and what it reverts cancel\n")
    assert told("v1.2.3") == "not read: it is behind v1.2.3, so it was released already\n"
    assert told(elsewhere) == f"not read: it is not behind {revert[:7]}\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--bump", "big"], 2, "--bump takes one of"),
        (["--service", "api"], 2, "there is no relman.toml here or above"),
        (["--commit", "nonsense"], 3, "there is no commit nonsense here"),
        (["--explain", "nonsense"], 3, "there is no commit nonsense here"),
        (["--from", "v9.9.9"], 3, "there is no commit v9.9.9 here"),
    ],
)
def test_what_cannot_be_answered_says_why(
    words: list[str], code: int, told: str, repository: Repository
) -> None:
    """With the exit codes of the house."""
    ended = repository.relman("release.version", *words)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err


def test_a_shallow_clone_says_how_to_mend_it(repository: Repository, tmp_path: Path) -> None:
    """And the command that it tells does mend it."""
    repository.commit("feat: a")
    repository.commit("fix: b")
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth", "1", f"file://{repository.folder}", str(clone))
    shallow = Repository(tmp_path / "other")
    shallow.folder = clone
    ended = shallow.relman("release.version")
    assert ended.code == 3
    command = ended.err.partition("next: ")[2].split()
    shallow.git(*command[1:])
    assert shallow.relman("release.version").out.startswith("1.3.0\n")


def test_another_prefix_is_another_line(repository: Repository) -> None:
    """``--prefix``, where no relman.toml says it."""
    repository.git("tag", "web/2.0.0")
    repository.commit("fix: a")
    assert repository.relman("release.version", "--prefix", "web/").out.startswith("2.0.1\n")
    (repository.folder / "sub").mkdir()
    assert deciding.decide(line.here(repository.folder / "sub"), Wish()).version == "1.2.4"
