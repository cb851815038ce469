"""The platform's command line: up, status, env, down, and what happens when it is killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import requests

from relman.embedded.runtime.process import found
from tests.embedded import world
from tests.embedded.world import FAILED, World, command, conditions, page, target, until


def test_up_again_is_the_same_platform(platform: World) -> None:
    """Idempotent: same endpoint, same process."""
    before = platform.status()["pid"]
    assert command("up", "--state", platform.state).stdout.strip() == platform.endpoint
    assert platform.status()["pid"] == before


def test_platforms_that_start_at_once_take_ports_of_their_own(tmp_path: Path) -> None:
    """Nobody asked for a port, and all prefer the same: each finds one, and serves on."""
    states = [tmp_path / str(number) for number in range(4)]
    argv = [sys.executable, "-m", "relman.embedded", "up", "--port", "0", "--state"]
    starting = [subprocess.Popen([*argv, str(one)], stdout=subprocess.PIPE, text=True) for one in states]
    try:
        endpoints = [one.communicate(timeout=60)[0].strip() for one in starting]
        assert [one.returncode for one in starting] == [0] * 4
        assert len(set(endpoints)) == 4
        assert all(requests.get(f"{one}/status", timeout=10).ok for one in endpoints)
    finally:
        for one in states:
            command("down", "--state", one)


def test_status_tells_services_for_people_and_for_machines(platform: World) -> None:
    """Endpoint, URL, traffic, revisions with state and process."""
    platform.create("seen", traffic=[target("seen-v1", 100, "here")])
    service = next(one for one in platform.status()["services"] if one["name"].endswith("/seen"))
    assert service["revisions"][0]["state"] == "SUCCEEDED"
    assert page(service["traffic"][0]["url"])["pid"] == service["revisions"][0]["pid"]
    lines = command("status", "--state", platform.state).stdout
    assert platform.endpoint in lines
    assert f"pid {service['revisions'][0]['pid']}" in lines


def test_a_platform_that_runs_already_says_that_it_is_not_faithful(platform: World) -> None:
    """What was asked for and cannot be had is told, with what to do."""
    asked = command("up", "--state", platform.state, "--faithful")
    assert asked.stdout.strip() == platform.endpoint
    assert "this platform is not faithful; to change that, stop it" in asked.stderr


def test_env_points_clients_at_the_platform(platform: World) -> None:
    """A variable for each API, ready for a shell."""
    address = platform.endpoint.removeprefix("http://")
    assert command("env", "--state", platform.state).stdout.splitlines() == [
        f"export CLOUD_RUN_EMULATOR_HOST={address}",
        f"export CLOUD_BUILD_EMULATOR_HOST={address}",
        f"export CLOUD_MONITORING_EMULATOR_HOST={address}",
        f"export SECRET_MANAGER_EMULATOR_HOST={address}",
    ]


@pytest.mark.parametrize("verb", ["status", "env"])
def test_a_platform_that_is_down_says_how_to_start_it(tmp_path: Path, verb: str) -> None:
    """Exit 69 and the command, as a shell takes it; nothing is made by asking."""
    state = tmp_path / "none $HOME"
    asked = command(verb, "--state", state)
    assert asked.returncode == 69
    typed = shlex.split(asked.stderr.splitlines()[-1].removeprefix("  next: "))
    assert typed == ["python", "-m", "relman.embedded", "up", "--state", str(state)]
    assert not state.exists()


def test_down_where_nothing_runs_is_done(tmp_path: Path) -> None:
    """Exit 0 with a word."""
    stopped = command("down", "--state", tmp_path / "none")
    assert (stopped.returncode, stopped.stdout) == (0, "nothing ran\n")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Exit 69, the port, and a command with another one that works as it stands."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        begun = command("up", "--state", tmp_path / "its own", "--port", port)
    assert begun.returncode == 69
    first, following, _ = begun.stderr.splitlines()
    assert first == f"port {port} is taken by another program"
    typed = shlex.split(following.removeprefix("  next: python -m relman.embedded "))
    try:
        assert command(*typed).returncode == 0
    finally:
        command("down", "--state", tmp_path / "its own")


def test_a_port_that_another_platform_has_is_told_with_its_folder(platform: World, tmp_path: Path) -> None:
    """Two checkouts with one endpoint are the usual reason."""
    port = platform.endpoint.rpartition(":")[2]
    begun = command("up", "--state", tmp_path, "--port", port)
    assert begun.returncode == 69
    assert f"port {port} is taken by the platform of {platform.state}" in begun.stderr
    assert requests.get(f"{platform.endpoint}/status", timeout=5).ok


def test_up_where_it_runs_at_another_port_says_so(platform: World) -> None:
    """The port that was asked for is not the one that it has."""
    again = command("up", "--state", platform.state, "--port", world.free_port())
    assert (again.returncode, again.stdout.strip()) == (0, platform.endpoint)
    assert "this platform is not at port" in again.stderr


@pytest.mark.parametrize("verb", ["up", "down"])
def test_a_folder_whose_state_is_no_database_is_told(tmp_path: Path, verb: str) -> None:
    """Exit 1 and one sentence, no traceback."""
    (tmp_path / "state.db").write_text("this is not a database, it only has its name")
    asked = command(verb, "--state", tmp_path)
    assert asked.returncode == 1
    assert "file is not a database" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Exit 1 and one sentence."""
    (tmp_path / "file").touch()
    asked = command("up", "--state", tmp_path / "file")
    assert (asked.returncode, "cannot be used" in asked.stderr) == (1, True)


def test_a_folder_with_a_very_long_name_serves_too(tmp_path: Path, repository: Path) -> None:
    """A unix socket's path has an end; the folder's has not."""
    one = world.launched(tmp_path / ("long" * 50), repository)
    try:
        one.image = f"eu/p1/api@{one.build().results.images[0].digest}"
        one.create("far")
        assert page(one.service("far").uri)["K_SERVICE"] == "far"
    finally:
        stopped = command("down", "--state", one.state)
        one.close()
    assert stopped.stdout == "stopped\n"


def test_a_second_server_on_one_folder_is_refused(platform: World) -> None:
    """Exit 75."""
    assert command("serve", "--state", platform.state).returncode == 75


def test_two_that_start_at_once_are_one_platform(tmp_path: Path) -> None:
    """Both print the same endpoint."""
    port = str(world.free_port())
    argv = [sys.executable, "-m", "relman.embedded", "up", "--state", str(tmp_path), "--port", port]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {one.communicate(timeout=30)[0] for one in both}
    assert {one.returncode for one in both} == {0}
    assert said == {f"http://127.0.0.1:{port}\n"}
    assert command("down", "--state", tmp_path).stdout == "stopped\n"


def test_down_leaves_nothing_running_and_up_brings_it_back(own: World, platform: World) -> None:
    """Same port, same URLs, same traffic; another platform beside it is not touched."""
    own.create("kept", traffic=[target("kept-v1", 100, "here")])
    before, pids = own.status(), everything(own)
    assert command("down", "--state", own.state).returncode == 0
    assert not any(found(pid).alive for pid in pids)
    assert command("up", "--state", own.state).stdout.strip() == own.endpoint
    after = own.status()["services"][0]
    assert after["url"] == before["services"][0]["url"]
    assert after["traffic"] == before["services"][0]["traffic"]
    assert page(after["url"])["K_REVISION"] == page(after["traffic"][0]["url"])["K_REVISION"] == "kept-v1"
    assert requests.get(f"{platform.endpoint}/status", timeout=5).ok


def test_kill_of_the_control_plane_touches_no_traffic_and_loses_nothing(own: World) -> None:
    """Revisions and data plane serve on; the next platform adopts them."""
    own.create("on")
    pid, control = page(own.service("on").uri)["pid"], own.status()["pid"]
    uri = own.service("on").uri
    kill(control)
    assert page(uri)["pid"] == pid
    assert command("up", "--state", own.state).stdout.strip() == own.endpoint
    assert own.service("on").uri == uri
    assert page(uri)["pid"] == pid
    assert everything(own)[1:] == [pid]
    own.update("on", template=own.template("on-v2"))
    assert page(uri)["K_REVISION"] == "on-v2"


def test_a_change_that_was_acknowledged_is_finished_by_the_next_platform(own: World) -> None:
    """Killed right after the answer: operation, revision, traffic and build come to their end."""
    own.create("go")
    control = own.status()["pid"]
    begun = own.ask("go", template=own.template("go-v2"), traffic=[target("go-v2", 100)])
    sha = world.git(own.repository, "rev-parse", "HEAD")
    source = {"git_source": {"url": own.repository.as_uri(), "revision": sha}}
    steps = [{"name": world.PACK, "args": ["build", "eu/p1/k:v1"]}]
    build = own.builds.create_build(
        {"project_id": "p1", "build": {"source": source, "steps": steps}}
    ).metadata.build
    kill(control)
    assert command("up", "--state", own.state).returncode == 0
    operation = own.wait(begun)
    assert operation.done
    assert not operation.error.message
    assert page(own.service("go").uri)["K_REVISION"] == "go-v2"
    assert len(own.revisions.list_revisions(parent=own.service("go").name).revisions) == 2
    until(lambda: own.builds.get_build(project_id="p1", id=build.id).status == 3)


def test_a_revision_that_was_leaving_when_the_platform_was_killed_still_leaves(own: World) -> None:
    """Its last request is answered, then its process ends."""
    own.create("bye", traffic=[target("bye-v1", 100)])
    uri = own.service("bye").uri
    pid, last = page(uri)["pid"], []
    request = threading.Thread(target=lambda: last.append(page(f"{uri}/slow")))
    request.start()
    own.update("bye", template=own.template("bye-v2"), traffic=[target("bye-v2", 100)])
    assert found(pid).alive
    kill(own.status()["pid"])
    assert command("up", "--state", own.state).returncode == 0
    request.join()
    assert last[0]["pid"] == pid
    until(lambda: not found(pid).alive)
    assert page(uri)["K_REVISION"] == "bye-v2"


def test_kill_of_the_data_plane_brings_another_with_the_same_ports(own: World) -> None:
    """The control plane notices by itself."""
    own.create("plane", traffic=[target("plane-v1", 100, "here")])
    service = own.service("plane")
    kill(data_plane(own))
    assert until(lambda: answered(service.uri))["K_REVISION"] == "plane-v1"
    assert page(service.traffic_statuses[0].uri)["K_REVISION"] == "plane-v1"
    assert not own.update("plane", description="x").error.message


def test_down_after_a_kill_stops_what_was_left(own: World) -> None:
    """Nothing is left running though nobody was there to be told."""
    own.create("left")
    pids = everything(own)
    kill(own.status()["pid"])
    assert all(found(pid).alive for pid in pids[1:])
    stopped = command("down", "--state", own.state)
    assert stopped.stdout == "stopped\n"
    until(lambda: not any(found(pid).alive for pid in pids))


def test_an_image_that_is_gone_fails_a_shift_back_to_its_revision(own: World) -> None:
    """Ready says nothing about a deleted image; the traffic stays, the reason is told."""
    own.create("gone", traffic=[target("gone-v1", 100)])
    other = own.template("gone-v2", env=[{"name": "A", "value": "1"}])
    own.update("gone", template=other, traffic=[target("gone-v2", 100)])
    until(lambda: len(everything(own)) == 2)
    hidden = own.state / "images" / "blobs"
    hidden.rename(own.state / "hidden")
    operation = own.update("gone", traffic=[target("gone-v1", 100)])
    assert operation.error.code == 9
    assert conditions(own.revision("gone", "gone-v1"))["Ready"].state == FAILED
    assert page(own.service("gone").uri)["K_REVISION"] == "gone-v2"
    (own.state / "hidden").rename(hidden)
    assert not own.update("gone", "traffic", traffic=[target("gone-v1", 100, "back")]).error.message
    assert page(own.service("gone").uri)["K_REVISION"] == "gone-v1"


def test_writers_at_once_are_taken_one_after_the_other(platform: World) -> None:
    """With the etag only one of many wins; the others are told 409."""
    platform.create("many")
    service = platform.service("many")
    body = json.dumps({"etag": service.etag, "description": "x"})
    url = f"{platform.endpoint}/v2/{service.name}?updateMask=description"
    codes: list[int] = []
    writers = [
        threading.Thread(target=lambda: codes.append(requests.patch(url, data=body, timeout=10).status_code))
        for _ in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(codes) == [200] + [409] * 7


def everything(one: World) -> list[int]:
    """The data plane's process, and those of the revisions."""
    revisions = [revision for service in one.status()["services"] for revision in service["revisions"]]
    return [data_plane(one), *(revision["pid"] for revision in revisions if revision["pid"])]


def data_plane(one: World) -> int:
    """The process at the other end of the control socket."""
    from relman.embedded.runtime.process import peer

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(one.state / "dataplane.sock"))
        return peer(connection)


def kill(pid: int) -> None:
    """SIGKILL, and wait until it is gone."""
    process = found(pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not process.alive)


def answered(url: str) -> dict[str, Any] | None:
    """The page, or None while there is none."""
    try:
        return page(url)
    except (URLError, ConnectionError):
        return None
