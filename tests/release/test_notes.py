"""The notes that ``prepare`` writes, and what a cut and the next version make of them."""

from __future__ import annotations

from tests.release.shop import Shop


def test_prepare_writes_the_notes_and_a_cut_does_not_mind_them(shop: Shop) -> None:
    """Files of the working tree, for a person to commit: before the cut or after, nothing moves on."""
    ended = shop.run("release.prepare")
    assert ended.code == 0, ended.out
    assert "written: release_notes/0.1.0.md, CHANGELOG.md" in ended.out
    note, log = shop.folder / "release_notes" / "0.1.0.md", shop.folder / "CHANGELOG.md"
    assert "Rollback target: none: this is the first release" in note.read_text("utf-8")
    assert "## [0.1.0] - " in log.read_text("utf-8")
    assert shop.run("release.plan").code == 0, "records that are not committed yet"
    shop.commit("docs: notes of 0.1.0")
    ended = shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert shop.git("rev-parse", "v0.1.0^{commit}") == shop.git("rev-parse", "HEAD^"), (
        "the commit that was built"
    )
    assert "nothing to release since 0.1.0" in shop.run("release.prepare").out


def test_the_same_commit_gives_the_same_bytes(shop: Shop) -> None:
    """Prepared twice, nothing changes."""
    shop.run("release.prepare")
    before = {path: path.read_bytes() for path in (shop.folder / "release_notes").iterdir()}
    assert "nothing to write" in shop.run("release.prepare").out
    assert {path: path.read_bytes() for path in (shop.folder / "release_notes").iterdir()} == before


def test_a_hand_goes_before_relman_and_next_is_carried_once(open_shop: Shop) -> None:
    """Edited notes stay; what never shipped is taken away; ``next.md`` is told in one release."""
    shop, notes = open_shop, open_shop.folder / "release_notes"
    (notes / "next.md").write_text("Sugar, at last.\n", "utf-8")
    shop.litter("tidy")
    assert shop.run("release.prepare").code == 0
    assert "Sugar, at last." in (notes / "0.1.1.md").read_text("utf-8")
    shop.sell("sugar")
    ended = shop.run("release.prepare")
    assert "release_notes/0.1.1.md told of a version that was never shipped; it is taken away" in ended.out
    assert not (notes / "0.1.1.md").exists()
    note = notes / "0.2.0.md"
    assert "Rollback target: 0.1.0, revision" in note.read_text("utf-8")
    note.write_text(note.read_text("utf-8").replace("Sugar, at last.", "Sugar!"), "utf-8")
    ended = shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "Sugar!" in note.read_text("utf-8")
    shop.sell("salt")
    assert shop.run("release.prepare").code == 0
    assert "Sugar" not in (notes / "0.3.0.md").read_text("utf-8").partition("## Features")[0]
    assert (notes / "next.md").read_text("utf-8") == "Sugar, at last.\n", "a hand's file is never touched"


def test_a_template_that_is_wrong_stops_before_anything_is_built(shop: Shop) -> None:
    """Exit 2 with file and line; the team's own template is what is written once it is right."""
    config = shop.folder / "relman.toml"
    config.write_text(
        config.read_text("utf-8") + '\n[notes]\ntemplates = "words"\nchangelog = false\n', "utf-8"
    )
    (shop.folder / "words").mkdir()
    wrong = shop.folder / "words" / "notes.md"
    wrong.write_text("# {{ notes.version }\n", "utf-8")
    shop.commit("chore: own words")
    ended = shop.run("release.prepare")
    assert (ended.code, shop.builds()) == (2, 0)
    assert "words/notes.md:1: " in ended.out
    wrong.write_text("# Version {{ notes.version }}\n", "utf-8")
    shop.commit("chore: own words")
    assert shop.run("release.prepare").code == 0
    told = (shop.folder / "release_notes" / "0.1.0.md").read_text("utf-8")
    assert told.startswith("# Version 0.1.0\n")
    assert not (shop.folder / "CHANGELOG.md").exists()


def test_environment_and_configuration_are_told_without_values(open_shop: Shop) -> None:
    """What a manifest changes: names, and for secrets their versions; never a value."""
    shop = open_shop
    manifest = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: {name}}}
spec:
  template:
    spec:
      timeoutSeconds: 60
      containers:
        - image: unused
          command: [python, app.py]
          env: [{{name: MODE, value: hush-hush}}]
"""
    (shop.folder / "service.yaml").write_text(manifest.format(name=shop.name), "utf-8")
    config = shop.folder / "relman.toml"
    config.write_text(config.read_text("utf-8") + 'manifest = "service.yaml"\n', "utf-8")
    shop.commit("feat: a manifest")
    ended = shop.run("release.prepare")
    assert ended.code == 0, ended.out
    told = (shop.folder / "release_notes" / "0.2.0.md").read_text("utf-8")
    assert "added `MODE`\n" in told
    assert "`timeout`: 60s" in told
    assert "hush-hush" not in told
