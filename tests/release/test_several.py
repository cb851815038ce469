"""Several services, several environments, and a service in a subfolder of its repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.release.shop import Shop

TWO = """\
[platform]
endpoint = "{endpoint}"
doubt = "300ms"

[service.{name}]
region = "europe-west1"
bake = "100ms"

[service.{name}.env.staging]
project = "acme-staging"

[service.{name}.env.production]
project = "acme"

[service.{name}-two]
project = "acme"
region = "europe-west1"
bake = "100ms"
"""


@pytest.fixture
def several(shop: Shop) -> Shop:
    """A repository with two services, the first in two environments."""
    text = TWO.format(endpoint=shop.endpoint, name=shop.name)
    (shop.folder / "relman.toml").write_text(text, encoding="utf-8")
    shop.commit("feat: more of them")
    return shop


def test_an_environment_gets_the_version_that_another_one_has(several: Shop) -> None:
    """Staging first, then production, at the same commit: one version, one tag, two releases."""
    name = several.name
    assert several.run("release.cut", "--service", name, "--env", "staging").code == 0
    ended = several.run("release.cut", "--service", name, "--env", "production")
    assert ended.code == 0, ended.out
    assert several.git("tag").splitlines() == [f"{name}-v0.1.0"]
    assert "-v0-1-0-" in several.live().split.sole


def test_each_service_has_versions_of_its_own(several: Shop) -> None:
    """The tag of one service is no release of the other."""
    assert several.run("release.cut", "--service", several.name, "--env", "production").code == 0
    ended = several.run("release.cut", "--service", f"{several.name}-two")
    assert ended.code == 0, ended.out
    assert set(several.git("tag").splitlines()) == {f"{several.name}-v0.1.0", f"{several.name}-two-v0.1.0"}


def test_every_command_that_is_told_names_the_service(several: Shop) -> None:
    """What the screen says to type next can be typed as it stands."""
    ended = several.run("release.prepare", "--service", several.name, "--env", "staging")
    assert f"inv release.plan --service {several.name} --env staging" in ended.out


def test_which_one_must_be_said(several: Shop) -> None:
    """Exit 2 lists the services; an unknown one is asked for by its likeness."""
    ended = several.run("release.cut")
    assert ended.code == 2
    assert f"--service={several.name}-two" in ended.out
    assert "did you mean" in several.run("release.cut", "--service", f"{several.name}-tow").out


def test_a_service_in_a_subfolder_is_built_from_there(shop: Shop) -> None:
    """The build's directory is the folder of relman.toml; what lies above it is not in the image."""
    inner = shop.folder / "services" / "my shop"
    inner.mkdir(parents=True)
    for path in [one for one in shop.folder.iterdir() if one.name not in {".git", "services"}]:
        shutil.move(path, inner / path.name)
    (shop.folder / "README.md").write_text("nothing to start here\n", encoding="utf-8")
    shop.commit("chore: make room for others")
    ended = shop.run("release.cut", folder=inner)
    assert ended.code == 0, ended.out
    assert shop.live().split.sole.startswith(f"{shop.name}-v0-1-0-")


def test_a_rollback_of_a_named_service_asks_the_platform_of_its_file(several: Shop, tmp_path: Path) -> None:
    """All three flags inside the repository: the file's endpoint counts; a part of them is refused."""
    name = several.name
    for word in ("one", "two"):
        several.sell(word)
        assert several.run("release.cut", "--service", name, "--env", "production").code == 0
    flags = ["--service", name, "--project", "acme", "--region", "europe-west1"]
    assert several.run("release.rollback", *flags).code == 0
    assert "-v0-1-0-" in several.live().split.sole
    partly = several.run("release.rollback", "--service", name, "--project", "acme")
    assert partly.code == 2
    assert "--region" in partly.out
    assert not (tmp_path / "home" / ".local").exists()


def test_status_names_the_service_too(several: Shop) -> None:
    """What the page says to type can be typed where there are several."""
    flags = ["--service", several.name, "--env", "production"]
    for word in ("one", "two"):
        several.sell(word)
        assert several.run("release.cut", *flags).code == 0
    page = several.run("release.status", *flags).out
    assert f"inv release.rollback --service {several.name} --env production" in page


def test_a_clone_that_adopts_has_the_whole_way_back(shop: Shop, tmp_path: Path) -> None:
    """The service tells a fresh ledger what it can go back to; a made-up version is refused."""
    for word in ("one", "two", "three"):
        shop.sell(word)
        assert shop.run("release.cut").code == 0
    clone = tmp_path / "clone"
    shop.git("clone", "--quiet", str(shop.folder), str(clone))
    refused = shop.run("release.adopt", "--version", "7.0.0", folder=clone)
    assert refused.code == 2, refused.out
    assert shop.run("release.adopt", folder=clone).code == 0
    ended = shop.run("release.rollback", folder=clone)
    assert ended.code == 0, ended.out
    assert "-v0-2-0-" in shop.live().split.sole
