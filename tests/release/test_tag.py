"""The tag of a release: what it binds, who signed it, and how it comes to the remote."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relman.ledger import chain
from tests.release.shop import Shop

POINTS = [
    ("step.done tag", "before"),
    ("step.done push-tag", "before"),
    ("step.intent push-tag", "before"),
    ("step.intent push-tag", "after"),
    ("step.done push-tag", "after"),
]
"""Where a cut is killed; some by default, all of them with ``RELMAN_FULL=1``."""
FULL = bool(os.environ.get("RELMAN_FULL"))


def add(shop: Shop, section: str) -> None:
    """Write a section into relman.toml, and commit it with a feature."""
    config = shop.folder / "relman.toml"
    config.write_text(f"{config.read_text('utf-8')}\n{section}\n", "utf-8")
    shop.sell("sugar")


def bare(shop: Shop) -> Path:
    """A bare remote that has the branch; where it is."""
    remote = shop.folder.parent / "remote.git"
    shop.git("init", "--quiet", "--bare", str(remote))
    shop.git("remote", "add", "origin", str(remote))
    shop.git("push", "--quiet", "origin", "main")
    return remote


def refusing(remote: Path, script: str) -> Path:
    """The remote asks a script whether it takes a push."""
    hook = remote / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    hook.chmod(0o755)
    return hook


def key(shop: Shop, passphrase: str = "") -> Path:
    """An SSH key that git signs with and believes."""
    private = Path(shop.environ["HOME"]) / "id"
    words = ["-q", "-t", "ed25519", "-N", passphrase, "-C", "tester@example.invalid", "-f", str(private)]
    subprocess.run(["ssh-keygen", *words], check=True)
    signers = private.with_name("allowed_signers")
    public = private.with_suffix(".pub").read_text("utf-8")
    signers.write_text(f'tester@example.invalid namespaces="git" {public}', "utf-8")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": f"{private}.pub",
        "gpg.ssh.allowedSignersFile": str(signers),
    }.items():
        shop.git("config", name, value)
    return private


def there(remote: Path, name: str) -> str:
    """The object that a tag on the remote leads to, empty for none."""
    return Shop(remote, "", "").git("for-each-ref", "--format=%(objectname)", f"refs/tags/{name}")


@pytest.mark.needs_program("ssh-keygen")
def test_a_tag_binds_what_shipped_and_the_ledger_and_is_signed(open_shop: Shop) -> None:
    """Trailers that git reads; the root is that of the ledger up to the tag's intent; the signature holds."""
    key(open_shop)
    open_shop.sell("sugar")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "as v0.2.0, signed" in ended.out
    open_shop.git("verify-tag", "v0.2.0")
    message = open_shop.git("for-each-ref", "--format=x%0a%0a%(contents:body)", "refs/tags/v0.2.0")
    parsed = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=f"{message}\n",
        text=True,
        capture_output=True,
        check=True,
    )
    trailers = dict(line.split(": ", 1) for line in parsed.stdout.splitlines())
    live = open_shop.live()
    entries = open_shop.entries()
    intent = next(one for one in reversed(entries) if (one.kind, one.step) == ("step.intent", "tag"))
    size, root = chain.rooted(bytes.fromhex(one.hash) for one in entries if one.seq <= intent.seq)
    assert trailers == {
        "Relman-Service": open_shop.key.path,
        "Relman-Environment": "production",
        "Relman-Revision": live.split.sole,
        "Relman-Image": live.template["containers"][0]["image"],
        "Relman-Template": trailers["Relman-Template"],
        "Relman-Run": intent.run,
        "Relman-Ledger": f"relman.dev/acme/{open_shop.name} {size} {base64.b64encode(root).decode()}",
    }
    tagger = open_shop.git("for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/v0.2.0")
    assert int(tagger) == int(intent.at.timestamp())


@pytest.mark.needs_program("ssh-keygen")
def test_a_key_that_needs_a_person_pauses_and_keeps_the_release(open_shop: Shop) -> None:
    """Exit 6, at once, and says what to type; once the key can be used, resume makes the signed tag."""
    private = key(open_shop, "hunter2")
    open_shop.sell("sugar")
    ended = open_shop.run("release.cut")
    assert ended.code == 6, ended.out
    assert "passphrase" in ended.out
    assert "next: ssh-add" in ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole
    assert open_shop.git("tag", "--list", "v0.2.0") == ""
    words = ["-q", "-p", "-P", "hunter2", "-N", "", "-f", str(private)]
    subprocess.run(["ssh-keygen", *words], check=True, stdout=subprocess.DEVNULL)
    assert open_shop.run("release.resume").code == 0
    open_shop.git("verify-tag", "v0.2.0")


def test_a_signature_that_cannot_be_made_is_refused_before_anything_ships(open_shop: Shop) -> None:
    """Exit 3 and the commands that set a key up."""
    add(open_shop, "[tag]\nsign = true")
    before = open_shop.live()
    ended = open_shop.run("release.cut")
    assert ended.code == 3, ended.out
    assert "git config gpg.format ssh" in ended.out
    assert open_shop.live() == before


def test_nobody_who_tags_is_a_gates_business(open_shop: Shop) -> None:
    """Exit 3: what would fail at 100 % is found out before."""
    open_shop.sell("sugar")
    assert open_shop.run("release.prepare").code == 0
    open_shop.git("config", "user.useConfigOnly", "true")
    open_shop.git("config", "--unset", "user.email")
    ended = open_shop.run("release.plan")
    assert ended.code == 3
    assert "git does not know who tags" in ended.out


def test_a_tag_is_pushed_only_when_asked(open_shop: Shop) -> None:
    """Without the key nothing leaves the machine; with it the tag does, as a step of its own, and alone."""
    remote = bare(open_shop)
    assert there(remote, "v0.1.0") == ""
    add(open_shop, "[tag]\npush = true")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "push v0.2.0 to origin" in ended.out
    assert there(remote, "v0.2.0") == open_shop.git("rev-parse", "v0.2.0")
    assert there(remote, "v0.1.0") == ""
    assert open_shop.git("rev-parse", "origin/main") != open_shop.git("rev-parse", "main")


def test_a_push_without_a_remote_is_refused_before_anything_ships(open_shop: Shop) -> None:
    """Exit 3 and the command that adds one."""
    add(open_shop, "[tag]\npush = true")
    ended = open_shop.run("release.cut")
    assert ended.code == 3, ended.out
    assert "git remote add origin" in ended.out


def test_a_rejected_push_is_owed_until_it_is_taken(open_shop: Shop) -> None:
    """Exit 0: the release is good. Status says what is owed; resume tries, and ends it once it can."""
    remote = bare(open_shop)
    hook = refusing(remote, "echo tags are protected >&2; exit 1")
    add(open_shop, "[tag]\npush = true")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "tags are protected" in ended.out
    assert "-v0-2-0-" in open_shop.live().split.sole
    assert open_shop.git("tag", "--list", "v0.2.0") == "v0.2.0"
    shown = open_shop.run("release.status").out
    assert "push v0.2.0 to origin    inv release.resume" in shown
    again = open_shop.run("release.resume")
    assert again.code == 6, again.out
    assert "tags are protected" in again.out
    hook.unlink()
    paid = open_shop.run("release.resume")
    assert paid.code == 0, paid.out
    assert there(remote, "v0.2.0") == open_shop.git("rev-parse", "v0.2.0")
    assert "owed" not in open_shop.run("release.status").out
    assert "nothing to resume" in open_shop.run("release.resume").out


def test_what_is_owed_stops_no_release_and_can_be_given_up(open_shop: Shop) -> None:
    """The next cut goes on; abort, with no run open, gives up what is owed and changes nothing else."""
    remote = bare(open_shop)
    refusing(remote, "exit 1")
    add(open_shop, "[tag]\npush = true")
    assert open_shop.run("release.cut").code == 0
    open_shop.sell("salt")
    assert open_shop.run("release.cut").code == 0
    live = open_shop.live()
    assert open_shop.run("release.status").out.count("inv release.resume (") == 2
    ended = open_shop.run("release.abort", "--reason", "tags stay here")
    assert ended.code == 0, ended.out
    assert "push v0.2.0 to origin and push v0.3.0 to origin" in ended.out
    assert "owed" not in open_shop.run("release.status").out
    assert open_shop.live() == live


def test_a_lost_answer_is_found_by_looking(open_shop: Shop) -> None:
    """The remote took the tag and died before it could say so: done, and not sent twice."""
    remote = bare(open_shop)
    hook = remote / "hooks" / "post-receive"
    hook.write_text(f"#!/bin/sh\necho once >> {remote}/taken\nkill -9 $PPID\n", "utf-8")
    hook.chmod(0o755)
    add(open_shop, "[tag]\npush = true")
    ended = open_shop.run("release.cut")
    assert ended.code == 0, ended.out
    assert "owed" not in ended.out
    assert there(remote, "v0.2.0") == open_shop.git("rev-parse", "v0.2.0")
    assert (remote / "taken").read_text("utf-8") == "once\n"


def test_a_tag_that_the_remote_has_elsewhere_is_a_gates_business(open_shop: Shop) -> None:
    """Exit 3: another clone shipped that version; nothing is moved."""
    remote = bare(open_shop)
    open_shop.git("push", "--quiet", "origin", "main:refs/tags/v0.2.0")
    before = there(remote, "v0.2.0")
    add(open_shop, "[tag]\npush = true")
    ended = open_shop.run("release.cut")
    assert ended.code == 3, ended.out
    assert "v0.2.0 is tagged already on origin" in ended.out
    assert there(remote, "v0.2.0") == before


def test_a_tag_that_came_to_the_remote_meanwhile_is_not_moved(open_shop: Shop) -> None:
    """Exit 0, owed, and told where it leads."""
    remote = bare(open_shop)
    open_shop.slow("2s")
    add(open_shop, "[tag]\npush = true")
    cut = open_shop.started_until("release.cut", "step.intent bake-20")
    open_shop.git("push", "--quiet", "origin", "main~1:refs/tags/v0.2.0")
    before = there(remote, "v0.2.0")
    out, _ = cut.communicate(timeout=60)
    assert cut.returncode == 0, out
    assert "relman moves no tag" in out
    assert there(remote, "v0.2.0") == before


@pytest.fixture(scope="module")
def pushing(platform: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all the crashes, that pushes its tags; released twice."""
    made = Shop.made(tmp_path_factory.mktemp("push") / "shop", "push", platform)
    bare(made)
    add(made, "[tag]\npush = true")
    assert made.run("release.cut").code == 0
    made.sell("salt")
    assert made.run("release.cut").code == 0
    yield made
    made.cloud.close()


@pytest.mark.parametrize(("entry", "when"), POINTS if FULL else POINTS[:2])
def test_a_killed_push_is_resumed_to_the_same_world(pushing: Shop, entry: str, when: str) -> None:
    """SIGKILL around the push: resume ends with 0, one tag here and there, and the same ledger."""
    before = kinds(pushing)
    opened = [at for at, kind in enumerate(before) if kind == "run.opened"]
    pushing.litter(f"{entry} {when}")
    killed_at(pushing, entry, when)
    resumed = pushing.run("release.resume")
    assert resumed.code == 0, resumed.out
    assert kinds(pushing)[len(before) :] == before[opened[-2] :]
    name = pushing.git("describe", "--exact-match")
    assert there(pushing.folder.parent / "remote.git", name) == pushing.git("rev-parse", name)


def kinds(shop: Shop) -> list[str]:
    """What the ledger tells, without what a resume adds."""
    return [kind for kind in shop.kinds() if not kind.startswith(("run.resumed", "step.again"))]


def killed_at(shop: Shop, entry: str, when: str, task: str = "release.cut") -> None:
    """Type a command, and die before or after an entry is appended."""
    kind, step = entry.split()
    script = (
        "import os, signal, sys\n"
        "from relman.ledger.sqlite import SqliteStore\n"
        "from relman.__main__ import main\n"
        "real = SqliteStore.append\n"
        "def append(self, drafts, *rest):\n"
        f"    deadly = any((one.kind, one.step) == ({kind!r}, {step!r}) for one in drafts)\n"
        f"    if not deadly or {when!r} == 'after': real(self, drafts, *rest)\n"
        "    if deadly: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return self.entries()[-len(drafts):]\n"
        "SqliteStore.append = append\n"
        f"sys.argv = ['relman', {task!r}]\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=shop.folder,
        env={**os.environ, **shop.environ},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stdout
