"""Several containers in one revision: their order, what they share, and that they are one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from relman.embedded.runtime.process import found
from tests.embedded import world
from tests.embedded.world import World, command, page, until

ASKING = "import urllib.request as u; u.urlopen('http://localhost:{}').read()"


def sidecar(one: World, *argv: str, **fields: Any) -> dict[str, Any]:
    """A container without ports."""
    return {"name": "beside", "image": one.image, "command": list(argv), **fields}


def listening(one: World, port: int, **fields: Any) -> dict[str, Any]:
    """A sidecar that listens, a moment after it was started."""
    script = f"sleep 0.3; echo beside; exec python -m http.server {port} --bind 127.0.0.1"
    return sidecar(one, "sh", "-c", script, **fields)


def serving(one: World, script: str = "exec python app.py", **fields: Any) -> dict[str, Any]:
    """The container that gets the requests."""
    ports = [{"container_port": 8080}]
    return {"name": "main", "image": one.image, "ports": ports, "command": ["sh", "-c", script], **fields}


def after(port: int) -> dict[str, Any]:
    """A startup probe on a port."""
    return {"startup_probe": {"tcp_socket": {"port": port}, "period_seconds": 5}}


def create(one: World, name: str, *containers: dict[str, Any], **template: Any) -> Any:
    """A service of these containers; the operation."""
    return one.create(name, template={"revision": f"{name}-v1", "containers": list(containers), **template})


def row(one: World, service: str) -> dict[str, Any]:
    """What the platform tells of the service's revision."""
    told = next(each for each in one.status()["services"] if each["name"].endswith(f"/{service}"))
    first: dict[str, Any] = told["revisions"][0]
    return first


def test_row_5_a_container_is_started_after_what_it_depends_on(platform: World) -> None:
    """The sidecar's startup probe has passed before: it is reached at localhost from the first line on."""
    port = world.free_port()
    script = f'python -c "{ASKING.format(port)}" && exec python app.py'
    main = serving(platform, script, depends_on=["beside"])
    operation = create(platform, "order", main, listening(platform, port, **after(port)))
    assert not operation.error.message
    told = page(platform.service("order").uri)
    assert told["K_REVISION"] == "order-v1"
    log = Path(row(platform, "order")["log"].removeprefix("file://"))
    assert log.read_text() == "listening\n"
    assert log.with_name("order-v1.beside.log").read_text().startswith("beside\n")


def test_row_5_an_instance_whose_sidecar_ends_is_started_again(platform: World) -> None:
    """All of it: they are one."""
    port = world.free_port()
    create(
        platform, "one", serving(platform, depends_on=["beside"]), listening(platform, port, **after(port))
    )
    first = page(platform.service("one").uri)["pid"]
    os.kill(listener(port), signal.SIGKILL)
    until(lambda: not found(first).alive)
    until(lambda: row(platform, "one")["pid"] and row(platform, "one")["state"] == "SUCCEEDED")
    until(lambda: page(platform.service("one").uri)["pid"] != first)
    log = Path(row(platform, "one")["log"].removeprefix("file://"))
    assert "container 'beside' ended (exit code -9): the instance ends\n" in log.read_text()


def test_row_5_a_sidecar_that_does_not_start_fails_the_revision(platform: World) -> None:
    """What depends on it is never started."""
    port = world.free_port()
    broken = sidecar(platform, "sh", "-c", "exit 3", **after(port))
    operation = create(platform, "alone", serving(platform, depends_on=["beside"]), broken)
    assert operation.error.code == 9
    log = platform.state / "logs/p1/europe-west1/alone/alone-v1.log"
    assert log.read_text() == "container 'beside' ended (exit code 3): the instance ends\n"


def test_row_43_a_sidecar_that_no_longer_lives_ends_the_instance(platform: World) -> None:
    """Its liveness probe is asked too."""
    probe = {"tcp_socket": {"port": 9}, "period_seconds": 1, "failure_threshold": 1}
    create(platform, "ill-beside", serving(platform), sidecar(platform, "sleep", "60", liveness_probe=probe))
    log = platform.state / "logs/p1/europe-west1/ill-beside/ill-beside-v1.log"
    until(lambda: "container 'beside' failed its liveness probe" in log.read_text())


def test_several_enclosed_containers_share_a_volume_and_no_files(apart: World) -> None:
    """What one writes into it the other reads; what is not in it neither sees. All ends when it has to."""
    mounts = {"volume_mounts": [{"name": "given", "mount_path": "/shared"}]}
    writes = "touch own-trace; echo told > /shared/word; trap 'exit 0' TERM; while :; do sleep 0.1; done"
    operation = create(
        apart,
        "sharing",
        serving(apart, "exec python intruder.py", **mounts),
        sidecar(apart, "sh", "-c", writes, **mounts),
        volumes=[{"name": "given", "empty_dir": {}}],
    )
    assert not operation.error.message
    uri = apart.service("sharing").uri
    until(lambda: page(f"{uri}/look//shared/word").get("done") == ["told\n"])
    assert "own-trace" not in page(f"{uri}/look/.")["done"]
    pid = row(apart, "sharing")["pid"]
    assert apart.wait(apart.services.delete_service(name=apart.service("sharing").name)).done
    assert not found(pid).alive
    assert running("sharing-v1") == []


def test_a_killed_platform_finds_its_sidecars_again(own: World) -> None:
    """They serve on under their number, and end with the platform."""
    port = world.free_port()
    create(own, "kept", serving(own, depends_on=["beside"]), listening(own, port, **after(port)))
    pid, control = row(own, "kept")["pid"], found(own.status()["pid"])
    os.kill(control.pid, signal.SIGKILL)
    until(lambda: not control.alive)
    assert command("up", "--state", own.state).returncode == 0
    assert row(own, "kept")["pid"] == pid
    assert page(own.service("kept").uri)["K_REVISION"] == "kept-v1"
    assert command("down", "--state", own.state).returncode == 0
    assert running("kept-v1") == []


def test_what_is_left_of_an_instance_that_ended_when_nobody_looked_ends_too(own: World) -> None:
    """Platform and supervisor killed: what they leave is not doubled by ``up`` nor missed by ``down``."""
    create(own, "left", serving(own), sidecar(own, "sleep", "600"))
    orphans = _kill_both(own, "left")
    assert len(orphans) == 2
    assert command("up", "--state", own.state).returncode == 0
    until(lambda: page(own.service("left").uri)["K_REVISION"] == "left-v1")
    assert not any(found(pid).alive for pid in orphans)
    assert len(_kill_both(own, "left")) == 2
    assert command("down", "--state", own.state).stdout == "stopped\n"
    assert running("left-v1") == []


def _kill_both(one: World, service: str) -> list[int]:
    """Kill the platform, then the process that stands for an instance; what still runs of that."""
    leader, control = found(row(one, service)["pid"]), found(one.status()["pid"])
    for each in (control, leader):
        os.kill(each.pid, signal.SIGKILL)
        until(lambda each=each: not each.alive)  # type: ignore[misc]
    return running(f"{service}-v1")


def running(revision: str) -> list[int]:
    """The processes that were started with this revision's name."""
    wanted, pids = f"K_REVISION={revision}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                pids.append(int(folder.name))
        except OSError:
            continue
    return pids


def listener(port: int) -> int:
    """The process of the http server on a port."""
    wanted = str(port).encode()
    found_ones = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if b"http.server" in (words := command_line(folder)) and wanted in words
    ]
    return found_ones[0]


def command_line(folder: Path) -> list[bytes]:
    """The words that a process was started with."""
    try:
        return (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
