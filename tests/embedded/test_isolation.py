"""The runtime ladder: what a revision cannot do to others on the rungs that keep it apart."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote

import pytest
from google.api_core import exceptions

from relman.embedded.runtime.process import found
from tests.embedded.world import World, command, page, until

TRACE = "/tmp/trace-of-an-intruder"  # noqa: S108 - each has its own there


@pytest.fixture(scope="module")
def apart(apart: World) -> World:
    """The same, with two of the intruder's services."""
    for name in ("sly", "victim"):
        intrudes(apart, name)
    return apart


def intrudes(one: World, name: str, limits: dict[str, str] | None = None, **variables: str) -> None:
    """Have a service of the intruder."""
    template = intruder(one, f"{name}-v1", resources={"limits": limits or {}}, **variables)
    assert not one.create(name, template=template).error.message


def intruder(one: World, revision: str, resources: Any = None, **variables: str) -> dict[str, Any]:
    """The intruder's template."""
    env = [{"name": key, "value": value} for key, value in variables.items()]
    container = {"command": ["python", "intruder.py"], "env": env, "resources": resources or {}}
    return one.template(revision, **container)


def does(one: World, service: str, deed: str = "", what: object = "") -> dict[str, Any]:
    """How a deed went: what is done, or the error."""
    return page(f"{one.service(service).uri}/{deed}/{quote(str(what))}")


def row(one: World, service: str) -> dict[str, Any]:
    """What the platform tells of the service's revision."""
    told = next(each for each in one.status()["services"] if each["name"].endswith(f"/{service}"))
    found: dict[str, Any] = told["revisions"][0]
    return found


def test_status_says_which_rung_it_is(apart: World) -> None:
    """For people and for machines."""
    name = apart.status()["runtime"]
    assert name in {"bwrap", "runc"}
    assert f"runtime   {name}\n" in command("status", "--state", apart.state).stdout


def test_nothing_of_the_platforms_can_be_seen(apart: World) -> None:
    """Its folder holds nothing but the revision's own files; not even the names of others."""
    own = Path(does(apart, "sly")["cwd"])
    inner = own.relative_to(apart.state).parts
    for depth in range(len(inner)):
        assert does(apart, "sly", "look", apart.state.joinpath(*inner[:depth]))["done"] == [inner[depth]]
    for name in ("state.db", "platform.log", "logs", "images", "instances"):
        assert (apart.state / name).exists()
        assert "No such file" in does(apart, "sly", "look", apart.state / name)["error"]


def test_nothing_of_another_revision_can_be_taken(apart: World) -> None:
    """Neither its log, nor its files where they really lie, nor the rooms of both."""
    log = Path(row(apart, "victim")["log"].removeprefix("file://"))
    assert log.read_text() == "listening\n"
    assert "error" in does(apart, "sly", "look", log)
    for room in (apart.state / "instances").iterdir():
        assert "error" in does(apart, "sly", "look", room)
        assert "error" in does(apart, "sly", "write", room / "trace")
        assert not (room / "trace").exists()


def test_what_a_revision_writes_is_its_own(apart: World) -> None:
    """Beside its source, where both have the same path, in /tmp and at the top; the image is as it was."""
    cwd = does(apart, "sly")["cwd"]
    for place in (f"{cwd}/own.txt", f"{cwd}/app.py", TRACE, "/trace-of-an-intruder", "/etc/trace"):
        assert does(apart, "sly", "write", place)["done"] == ["mine"]
        assert does(apart, "victim", "look", place).get("done") != ["mine"]
    assert not Path(cwd, "own.txt").exists()
    assert Path(cwd, "app.py").read_text() != "mine"
    for place in (TRACE, "/trace-of-an-intruder", "/etc/trace"):
        assert not Path(place).exists()


@pytest.mark.parametrize("place", ["/usr/bin/trace", "/etc/hosts", "/proc/sys/kernel/hostname"])
def test_the_system_cannot_be_changed(apart: World, place: str) -> None:
    """Read-only, all of it."""
    assert "error" in does(apart, "sly", "write", place)


@pytest.mark.parametrize("place", ["/etc/shadow", __file__])
def test_what_is_none_of_its_business_is_not_there(apart: World, place: str) -> None:
    """Passwords, and what people have in their own folders."""
    assert Path(place).exists()
    assert "No such file" in does(apart, "sly", "look", place)["error"]


def test_no_process_of_others_can_be_killed(apart: World) -> None:
    """The numbers that the machine knows them by mean nothing inside, and few are there at all."""
    for pid in (row(apart, "victim")["pid"], apart.status()["pid"], os.getpid()):
        assert "No such process" in does(apart, "sly", "end", pid)["error"]
    numbers = [name for name in does(apart, "sly", "look", "/proc")["done"] if name.isdecimal()]
    assert len(numbers) < 6


def test_the_environment_is_what_it_is_on_the_lowest_rung(apart: World, platform: World) -> None:
    """Nothing more, nothing less, but the port and the names."""
    name = f"env-{apart.status()['runtime']}"
    for one in (apart, platform):
        intrudes(one, name, SPACED="a b\n=c")
    enclosed, plain = (does(one, name)["env"] for one in (apart, platform))
    assert enclosed["SPACED"] == "a b\n=c"
    differing = {name for name in enclosed.keys() | plain.keys() if enclosed.get(name) != plain.get(name)}
    assert differing <= {"PORT", "PATH", "PWD", "PYTHONPATH", "_", "SHLVL", "OLDPWD"}


def test_secrets_in_variables_are_not_for_all_to_see(apart: World) -> None:
    """Not on the command line of any process."""
    intrudes(apart, "discreet", KEY="hunter2-of-this-test")
    assert does(apart, "discreet")["env"]["KEY"] == "hunter2-of-this-test"
    told = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert b"hunter2-of-this-test" not in told


def test_an_end_that_was_asked_for_is_heard(apart: World) -> None:
    """SIGTERM reaches the app, which says good bye; nothing of it is left, not even its room."""
    intrudes(apart, "polite")
    told = row(apart, "polite")
    gone(apart, "polite")
    assert Path(told["log"].removeprefix("file://")).read_text() == "listening\ngood bye\n"
    assert not found(told["pid"]).alive


def test_an_app_that_does_not_listen_to_sigterm_ends_too(apart: World) -> None:
    """At once, as a plain process that has no handler does."""
    intrudes(apart, "rude", DEAF="1")
    begun = time.monotonic()
    gone(apart, "rude")
    assert time.monotonic() - begun < 5
    assert not inner("rude-v1")


def test_a_crash_is_told_with_its_exit_code(apart: World) -> None:
    """The code comes through the enclosure."""
    intrudes(apart, "frail")
    first = row(apart, "frail")["pid"]
    os.kill(inner("frail-v1")[-1], signal.SIGTERM)
    until(lambda: row(apart, "frail")["pid"] not in {0, first})
    log = (apart.state / "platform.log").read_text()
    assert "ended with exit code 7" in log


@pytest.mark.parametrize("who", ["outermost", "innermost"])
def test_killed_outside_or_inside_it_is_started_again(apart: World, who: str) -> None:
    """And of the old one nothing runs on."""
    intrudes(apart, who)
    first = row(apart, who)["pid"]
    before = inner(f"{who}-v1")
    os.kill(first if who == "outermost" else before[-1], signal.SIGKILL)
    until(lambda: row(apart, who)["pid"] not in {0, first})
    until(lambda: answered(apart, who))
    until(lambda: not any(found(pid).alive for pid in before))


def test_a_killed_platform_finds_its_enclosed_revisions_again(apart: World) -> None:
    """They serve on, are adopted with their rung, and end when they are told to."""
    before = row(apart, "victim")["pid"]
    control = found(apart.status()["pid"])
    os.kill(control.pid, signal.SIGKILL)
    until(lambda: not control.alive)
    assert command("up", "--state", apart.state).returncode == 0
    assert row(apart, "victim")["pid"] == before
    assert apart.status()["runtime"] in {"bwrap", "runc"}
    assert does(apart, "victim")["env"]["K_REVISION"] == "victim-v1"


def gone(one: World, service: str) -> None:
    """Delete a service, and wait until nothing of it runs."""
    begun = one.services.delete_service(name=one.service(service).name)
    assert one.wait(begun).done


def test_memory_is_limited_where_the_rung_can(apart: World) -> None:
    """By runc: who takes more is killed, and started again. By bwrap it is not."""
    intrudes(apart, "greedy", limits={"memory": "128Mi"})
    first = row(apart, "greedy")["pid"]
    assert does(apart, "greedy", "hoard", 32)["done"]
    if apart.status()["runtime"] == "runc":
        with pytest.raises(URLError):
            does(apart, "greedy", "hoard", 256)
        until(lambda: row(apart, "greedy")["pid"] not in {0, first})
    else:
        assert does(apart, "greedy", "hoard", 256)["done"]


@pytest.mark.parametrize("path", ["/cache", "/workspace/cache"])
def test_an_empty_volume_is_in_memory_and_has_its_size(apart: World, path: str) -> None:
    """Found at its path and, where the image has the folder above, by the way from there."""
    names = [f"{who}{path.replace('/', '-')}" for who in ("one", "two")]
    for name in names:
        assert not apart.create(name, template=mounting(apart, f"{name}-v1", path)).error.message
    assert does(apart, names[0], "write", f"{path}/x")["done"] == ["mine"]
    assert does(apart, names[0], "look", path)["done"] == ["x"]
    assert does(apart, names[1], "look", path)["done"] == []
    if path.startswith("/workspace"):
        assert does(apart, names[0], "look", "cache")["done"] == ["x"]
    assert "No space left" in does(apart, names[0], "fill", f"{path}/full")["error"]


def mounting(one: World, revision: str, path: str, **volume: Any) -> dict[str, Any]:
    """The intruder's template with a volume, by default an empty one of one MiB."""
    template = intruder(one, revision)
    kind = volume or {"empty_dir": {"size_limit": "1Mi"}}
    template["containers"][0]["volume_mounts"] = [{"name": "given", "mount_path": path}]
    return template | {"volumes": [{"name": "given", **kind}]}


def test_a_plain_process_has_no_mounts(platform: World) -> None:
    """Its revision fails, with the path and the way to have them."""
    operation = platform.create("mounts", template=mounting(platform, "mounts-v1", "/cache"))
    assert operation.error.code == 9
    assert "'/cache' cannot be mounted for a plain process" in operation.error.message
    assert "--runtime bwrap" in operation.error.message


@pytest.mark.parametrize(
    ("kind", "volume"),
    [
        ("nfs", {"nfs": {"server": "10.0.0.1", "path": "/x"}}),
        ("gcs", {"gcs": {"bucket": "b"}}),
        ("cloud_sql_instance", {"cloud_sql_instance": {"instances": ["p:r:i"]}}),
    ],
)
def test_another_kind_of_volume_is_refused_by_name(
    platform: World, kind: str, volume: dict[str, Any]
) -> None:
    """Never ignored: the application would find nothing where its data should be."""
    name = kind.replace("_", "-")
    operation = platform.create(name, template=mounting(platform, f"{name}-v1", "/cloudsql", **volume))
    assert f"Volume 'given' cannot be mounted: the embedded platform has no {kind} volume" in (
        operation.error.message
    )


@pytest.mark.parametrize(
    ("mount", "field"),
    [
        ({"name": "other", "mount_path": "/x"}, "name"),
        ({"name": "given", "mount_path": "x"}, "mount_path"),
        ({"name": "given", "mount_path": "/"}, "mount_path"),
        ({"name": "given", "mount_path": "/x/../etc"}, "mount_path"),
        ({"name": "given", "mount_path": "/x:y"}, "mount_path"),
    ],
)
def test_a_mount_that_cannot_be_is_refused_at_once(
    platform: World, mount: dict[str, str], field: str
) -> None:
    """400 with the field; nothing is made."""
    template = mounting(platform, "", "/x")
    template["containers"][0]["volume_mounts"] = [mount]
    with pytest.raises(exceptions.BadRequest, match=rf"containers\[0\].volume_mounts\[0\].{field}: "):
        platform.begin("never-mounted", template=template)


def test_a_variable_that_would_be_taken_for_more_is_refused(apart: World) -> None:
    """A NUL in it: what follows could be an option of the sandbox's."""
    template = intruder(apart, "nul-v1", KEY="a\0--bind\0/\0/")
    assert "NUL" in apart.create("nul", template=template).error.message


@pytest.mark.parametrize("name", ["bwrap", "runc"])
def test_a_rung_that_is_not_there_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 69, which program, and the command that works; nothing runs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    begun = command("up", "--state", tmp_path / "state", "--runtime", name)
    assert begun.returncode == 69
    first, following = begun.stderr.splitlines()
    assert first.startswith(f"there is no program {name} on the PATH")
    assert following.startswith("  next: python -m relman.embedded up --state ")
    assert following.endswith(" --runtime plain")
    assert command("down", "--state", tmp_path / "state").stdout == "nothing ran\n"


def test_another_rung_than_the_one_that_runs_is_told(platform: World) -> None:
    """It goes on as it is; the sentence says how to change that."""
    again = command("up", "--state", platform.state, "--runtime", "bwrap")
    assert again.returncode == 0
    assert "runs revisions by plain" in again.stderr
    assert platform.status()["runtime"] == "plain"


def inner(revision: str) -> list[int]:
    """The processes that were started with this revision's name, oldest first."""
    wanted = f"K_REVISION={revision}".encode()
    found_ones = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found_ones.append(int(folder.name))
        except OSError:
            continue
    return sorted(found_ones, key=lambda pid: (found(pid).started, pid))


def answered(one: World, service: str) -> bool:
    """Whether the service answers."""
    try:
        return bool(does(one, service))
    except (URLError, ConnectionError):
        return False
