"""No secret that is planted anywhere in a release's way comes out of it (T13)."""

from __future__ import annotations

import base64
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.approval.crew import ANA, BEN, ERIN, Crew
from tests.release.shop import Ended, Shop

PLANTED = [
    *("environment", "smoke-header", "git-header", "remote-password", "endpoint-password", "contact"),
    *("git-stderr", "keygen-stderr", "hook-stderr", "exception"),
]


def canary(name: str) -> str:
    """A secret that is nowhere else, and that looks otherwise in a URL."""
    return f"canary={name}/9f3a+{len(name)}~"


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it is, in hex, in a URL, in JSON, and in base64 wherever it begins in it."""
    plain = secret.encode()
    yield from (plain, plain.hex().encode(), plain.hex().upper().encode(), quote(secret, safe="").encode())
    yield from (quote(secret).encode(), secret.replace("/", "\\/").encode())
    for before in range(3):
        whole = base64.b64encode(b"x" * before + plain)
        middle = whole[4 if before else 0 : len(whole) - 4]
        yield from (middle, middle.replace(b"+", b"-").replace(b"/", b"_"))


def noisy(folder: Path, program: str) -> None:
    """A program that says a secret on its way, as one with a trace switched on does."""
    real, path = shutil.which(program), folder / program
    secret = canary("git-stderr" if program == "git" else "keygen-stderr")
    path.write_text(f"#!/bin/sh\necho 'trace: {secret}' >&2\nexec {real} \"$@\"\n", "utf-8")
    path.chmod(0o755)


def planted(shop: Shop) -> None:
    """Secrets wherever a team has some."""
    tools = shop.folder.parent / "tools"
    tools.mkdir()
    for program in ("git", "ssh-keygen"):
        noisy(tools, program)
    shop.environ |= {
        "PATH": f"{tools}:{shop.environ['PATH']}",
        "DATABASE_PASSWORD": canary("environment"),
        "SMOKE_HEADER": f"Authorization: Bearer {canary('smoke-header')}",
        "ANA_PHONE": canary("contact"),
    }
    shop.git("config", "http.extraHeader", f"Authorization: {canary('git-header')}")
    password = quote(canary("remote-password"), safe="")
    shop.git("remote", "add", "origin", f"http://erin:{password}@127.0.0.1:9/acme/shop.git")
    smoke = shop.folder / "smoke" / "hello.toml"
    text = smoke.read_text("utf-8")
    smoke.write_text(text.replace("[service]\n", '[service]\nauth = "header:SMOKE_HEADER"\n'), "utf-8")
    hook = shop.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{canary('hook-stderr')}' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)


def told(crew: Crew) -> Iterator[Ended]:
    """A release from its preparation to its rollback, and everything that can be asked about it."""
    say = crew.types
    yield say(ERIN, "ops.check")
    crew.shop.sell("sugar")
    yield say(ERIN, "release.prepare", "--json", need=True)
    yield say(ERIN, "release.cut")
    for name, item in ((ANA, ("difference-read", "customers-told")), (BEN, ("watching",))):
        yield say(name, "checklist.show", "--json", need=True)
        flags = [word for each in item for word in ("--item", each)]
        yield crew.say(name, *flags, "--json")
    crew.shop.commit("chore: two go")
    for task in ("checklist.verify", "checklist.show", "release.why"):
        yield say(ERIN, task, need=True)
        yield say(ERIN, task, "--json", need=True)
    yield say(ERIN, "release.cut", "--json")
    for task in ("release.status", "release.history", "policy.show", "signers.list", "ops.oncall.now"):
        yield say(ERIN, task, "--json", need=True)
    yield say(ERIN, "release.rollback", "--json", need=True)


def failing(crew: Crew) -> Iterator[Ended]:
    """What goes wrong with a secret in its hands."""
    shop, said = crew.shop, crew.people[ERIN].environ(crew.shop)
    away = f"http://erin:{quote(canary('endpoint-password'), safe='')}@127.0.0.1:9"
    for name in ("CLOUD_RUN_EMULATOR_HOST", "CLOUD_BUILD_EMULATOR_HOST"):
        yield shop.run("release.status", environ={**said, name: away, "RELMAN_DEBUG": "1"})
    yield shop.run("smoke.run", "--url", f"{away}/", environ=said)
    broken = {**said, "SMOKE_HEADER": canary("exception")}
    yield shop.run("release.why", environ={**broken, "RELMAN_DEBUG": "1"})
    yield shop.run("release.resume", environ=said)


def kept(shop: Shop) -> Iterator[tuple[str, bytes]]:
    """Everything that was written, by where: files, the ledger's rows, git's objects and notes."""
    for path in sorted(shop.folder.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(shop.folder).parts:
            yield str(path.relative_to(shop.folder)), path.read_bytes()
    rows = sqlite3.connect(shop.folder / ".relman" / "ledger.db")
    yield "the ledger's rows", "\n".join(rows.iterdump()).encode()
    rows.close()
    command = ["git", "cat-file", "--batch-all-objects", "--batch"]
    yield "git", subprocess.run(command, cwd=shop.folder, check=True, capture_output=True).stdout
    logs = [path for path in (shop.folder / ".git").rglob("*") if path.is_file() and "logs" in path.parts]
    yield "git's logs", b"".join(path.read_bytes() for path in logs)
    for path in shop.folder.parent.joinpath("home").rglob("*"):
        if path.is_file():
            yield f"~/{path.name}", path.read_bytes()


def test_t13_no_canary_is_found(open_shop: Shop) -> None:
    """T13: in no file, row, object, note, or line on a screen, in no spelling; and the way was gone."""
    crew = Crew.formed(open_shop)
    crew.contacts()
    planted(open_shop)
    crew.legislate()
    screens = [*told(crew), *failing(crew)]
    assert "release.shipped" in "\n".join(open_shop.kinds())
    assert any(one.kind == "checklist.voted" for one in open_shop.entries())
    found = [(f"screen {n}", (one.out + one.err).encode()) for n, one in enumerate(screens)]
    found += kept(open_shop)
    secrets = {name: tuple(forms(canary(name))) for name in PLANTED}
    leaks = {
        (where, name)
        for where, content in found
        for name, spelled in secrets.items()
        if any(form in content for form in spelled)
    }
    assert leaks == set()


def test_a_canary_would_be_found() -> None:
    """The search finds what is there: plain, in hex, in a URL, and in base64 at each of three places."""
    secret = canary("environment")
    plain = secret.encode()
    spelled = tuple(forms(secret))
    for text in (plain, plain.hex().encode(), quote(secret).encode(), quote(secret, safe="").encode()):
        assert any(form in b"before " + text + b" after" for form in spelled)
    for before in range(7):
        assert any(form in base64.b64encode(b"y" * before + plain + b"zz") for form in spelled)
