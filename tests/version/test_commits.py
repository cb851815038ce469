"""Git is read alike whatever its configuration, the locale, the time zone and the bytes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from relman.commits import Commits
from relman.errors import ConfigError, Refused, Unreachable
from relman.models import Commit

from .conftest import Repository

SETTINGS = {
    "color.ui": "always",
    "column.ui": "always",
    "core.abbrev": "4",
    "core.quotePath": "true",
    "diff.external": "false",
    "diff.orderFile": "/no/such/file",
    "diff.relative": "true",
    "diff.renames": "copies",
    "format.pretty": "oneline",
    "i18n.logOutputEncoding": "ISO-8859-1",
    "log.abbrevCommit": "true",
    "log.date": "relative",
    "log.decorate": "full",
    "log.diffMerges": "separate",
    "log.follow": "true",
    "log.mailmap": "true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "pager.log": "true",
    "tag.sort": "-creatordate",
}


def subjects(repository: Repository, *without: str) -> list[str]:
    """The first lines of the messages behind HEAD."""
    found = Commits(repository.folder).log("HEAD", without)
    return [commit.message.partition("\n")[0] for commit in found]


def test_a_commit_as_it_was_made(repository: Repository) -> None:
    """Hash, parents, author, time, the whole message; its paths where they are asked for."""
    message = "feat: größe\n\n  indented\n\n\nRefs: #1\n"
    made = repository.commit(message, "ä/b c.py", "app.py")
    (plain,) = Commits(repository.folder).log(made, ["v1.2.3"])
    assert (plain.hash, plain.message, plain.paths) == (made, message, ())
    assert (plain.author, plain.email, plain.when) == ("A", "a@example.invalid", 1700000000)
    assert plain.parents == (repository.git("rev-parse", "v1.2.3"),)
    (detailed,) = Commits(repository.folder).log(made, ["v1.2.3"], paths=True)
    assert detailed.paths == ("app.py", "ä/b c.py")


def test_paths_of_roots_merges_and_odd_names(repository: Repository) -> None:
    """A root has its files, a merge what it brought, an empty commit nothing; any name will do."""
    repository.git("checkout", "--quiet", "-b", "topic")
    odd = "a" * 40
    repository.commit("feat: t", odd, "new\nline", "\nfirst")
    repository.git("checkout", "--quiet", "main")
    repository.commit("docs: nothing")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge topic", "topic")
    found = {one.message.strip(): one.paths for one in Commits(repository.folder).log("HEAD", paths=True)}
    brought = ("\nfirst", odd, "new\nline")
    assert found == {
        "chore: start": ("app.py",),
        "feat: t": brought,
        "docs: nothing": (),
        "Merge topic": brought,
    }


def test_children_come_before_their_parents_whatever_the_dates(repository: Repository) -> None:
    """Who reads can settle a commit when it meets it: whoever names it has gone by."""
    for branch, date in (("one", "@900000000 +0000"), ("two", "@1900000000 +0000")):
        repository.environ |= {"GIT_COMMITTER_DATE": date}
        repository.git("checkout", "--quiet", "-b", branch, "v1.2.3")
        repository.commit(f"feat: {branch}")
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "one")
    order: list[str] = []
    for commit in Commits(repository.folder).log("HEAD"):
        assert not set(commit.parents) & set(order)
        order.append(commit.hash)


def test_no_configuration_changes_what_is_read(repository: Repository) -> None:
    """Every setting that changes what ``git log`` shows to people, at once."""
    repository.commit("feat: größe\n\nRefs: 1", "b.py")
    repository.commit("fix: b", "sub/c.py")
    (repository.folder / ".mailmap").write_text("Somebody Else <else@example.invalid> <a@example.invalid>\n")
    (repository.folder / "sub").mkdir(exist_ok=True)
    below = repository.folder / "sub"
    before = list(Commits(below).log("HEAD", paths=True))
    for name, value in SETTINGS.items():
        repository.git("config", name, value)
    assert list(Commits(below).log("HEAD", paths=True)) == before
    assert before[0].paths == ("sub/c.py",)
    assert [ref.name for ref in Commits(below).tags("v")] == ["v1.2.3"]


def test_only_the_history_that_was_committed_is_read(repository: Repository) -> None:
    """Replaced objects and grafts are of one machine; another would answer otherwise."""
    feat = repository.commit("feat: a")
    repository.commit("fix: b")
    before = subjects(repository)
    repository.git("replace", feat, repository.git("rev-parse", "v1.2.3"))
    grafts = repository.folder / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{repository.git('rev-parse', 'HEAD')}\n")
    assert subjects(repository) == before == ["fix: b", "feat: a", "chore: start"]


def test_a_byte_that_is_no_text_loses_no_commit(repository: Repository) -> None:
    """Neither in a message nor in a name, nor if the encoding that a commit names does not exist."""
    repository.written(b"feat: a\xff\xc3 b")
    repository.written(b"fix: caf\xe9", encoding=b"x-no-such-encoding")
    repository.written(b"fix: c\xc3")
    assert subjects(repository, "v1.2.3") == ["fix: c\ufffd", "fix: caf\ufffd", "feat: a\ufffd\ufffd b"]


def test_a_message_is_decoded_as_it_was_encoded(repository: Repository) -> None:
    """The commit's own header tells (i18n.commitEncoding)."""
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repository.commit("feat: größe".encode("latin-1"))
    repository.written("fix: 日本".encode("shift-jis"), name=b"M", encoding=b"Shift_JIS")
    assert subjects(repository, "v1.2.3") == ["fix: 日本", "feat: größe"]


def test_a_date_that_nobody_can_read_loses_no_commit(repository: Repository) -> None:
    """Histories that were converted have such."""
    for date in (b"yesterday", b"99999999999999999999999 +0000", b"-1 +0000", b""):
        repository.written(b"fix: a", date=date)
    assert subjects(repository, "v1.2.3") == ["fix: a"] * 4


def test_every_kind_of_tag_leads_to_its_commit(repository: Repository) -> None:
    """Lightweight, annotated, a tag of a tag of a tag; one of a file leads to none, and is a name taken."""
    commit = repository.commit("feat: a", "b.py")
    repository.git("tag", "v2.0.0")
    repository.git("tag", "--annotate", "--message", "x", "v2.0.1")
    repository.git("tag", "--annotate", "--message", "x", "v2.0.2", "v2.0.1")
    repository.git("tag", "--annotate", "--message", "x", "v2.0.3", "v2.0.2")
    repository.git("tag", "v2.1.0", "HEAD:b.py")
    repository.git("tag", "--annotate", "--message", "x", "v2.1.1", "HEAD^{tree}")
    repository.git("branch", "v2.0.0")  # a branch of the same name changes nothing
    commits = Commits(repository.folder)
    found = {ref.name: ref.commit for ref in commits.tags("v2")}
    assert found == dict.fromkeys(("v2.0.0", "v2.0.1", "v2.0.2", "v2.0.3"), commit) | {
        "v2.1.0": "",
        "v2.1.1": "",
    }
    assert list(commits.reachable(["v2.0.3", "v1.2.3"], "HEAD")) == ["v2.0.3", "v1.2.3"]
    assert list(commits.reachable(["v2.0.3", "v1.2.3"], "v1.2.3")) == ["v1.2.3"]


def test_more_tags_than_are_asked_at_once(repository: Repository) -> None:
    """The batches join without a gap."""
    lines = b"".join(b"create refs/tags/v9.0.%d HEAD\n" % number for number in range(100))
    repository.git("update-ref", "--stdin", text=lines)
    names = [f"v9.0.{number}" for number in range(99, -1, -1)]
    assert list(Commits(repository.folder).reachable(names, "HEAD")) == names


def test_a_history_with_a_hole_is_no_answer(repository: Repository) -> None:
    """Git ends in the middle: what was read until then would be a wrong version."""
    lost = repository.commit("feat: a")
    repository.commit("fix: b")
    (repository.folder / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(Unreachable, match="git log failed"):
        list(Commits(repository.folder).log("HEAD"))


def test_who_has_read_enough_ends_git(repository: Repository) -> None:
    """A stream may be left; that is no failure."""
    for _ in range(3):
        repository.commit("feat: a" + "\n" * 200_000 + "b")
    with closing(cast("Generator[Commit]", Commits(repository.folder).log("HEAD"))) as stream:
        assert next(stream).message.startswith("feat: a")


@pytest.mark.parametrize("options", [["--object-format=sha256"], ["--bare"]])
def test_repositories_of_other_kinds(options: list[str], repository: Repository, tmp_path: Path) -> None:
    """SHA-256, or without a working copy."""
    if options == ["--bare"]:
        repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "other"))
        assert [one.message for one in Commits(tmp_path / "other").log("HEAD")] == ["chore: start"]
        return
    other = Repository(tmp_path / "other")
    other.git("init", "--quiet", *options)
    made = other.commit("feat: a")
    assert len(made) == 64
    assert [one.hash for one in Commits(other.folder).log(Commits(other.folder).commit("HEAD"))] == [made]


def test_where_nothing_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, no commit, no git: each its own refusal with what to type."""
    with pytest.raises(ConfigError, match="git init"):
        Commits(tmp_path)
    empty = Repository(tmp_path / "empty")
    empty.git("init", "--quiet")
    with pytest.raises(Refused, match="there is no commit yet"):
        Commits(empty.folder).commit("HEAD")
    with pytest.raises(Refused, match="no commit nonsense"):
        Commits(empty.folder).commit("nonsense")
    with pytest.raises(Refused, match="no commit --all"):
        Commits(empty.folder).commit("--all")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="apt install git"):
        Commits(empty.folder)
