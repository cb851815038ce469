"""What points clients at the platform, evaluated by a shell as people do it."""

from __future__ import annotations

import subprocess

import pytest

from tests.embedded.world import World, command

BARE = {"PATH": "/usr/bin:/bin"}


def test_gcloud_is_pointed_at_the_platform_and_keeps_what_was_chosen(platform: World) -> None:
    """Project and region stay the user's; everything else is the platform's."""
    printed = command("env", "--gcloud", "--state", platform.state).stdout
    found = evaluated(printed, CLOUDSDK_CORE_PROJECT="mine")
    assert found["CLOUDSDK_PROXY_PORT"] == platform.endpoint.rpartition(":")[2]
    assert found["CLOUDSDK_CONFIG"] == str(platform.state / "gcloud")
    assert (platform.state / "tls.pem").samefile(found["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"])
    assert (found["CLOUDSDK_CORE_PROJECT"], found["CLOUDSDK_RUN_REGION"]) == ("mine", "us-central1")


@pytest.mark.parametrize("flag", [[], ["--gcloud"], ["--node"]])
def test_unset_takes_everything_back(platform: World, flag: list[str]) -> None:
    """Nothing of it is left in the shell; nor does that need a platform."""
    printed = command("env", *flag, "--state", platform.state).stdout
    assert evaluated(printed).keys() > evaluated("").keys()
    back = command("env", "--unset", "--state", platform.state.parent / "nothing")
    assert evaluated(printed + back.stdout).keys() == evaluated("").keys()


def test_node_is_told_the_address_and_the_options(platform: World) -> None:
    """Comments and exports; a shell takes both."""
    lines = command("env", "--node", "--state", platform.state).stdout.splitlines()
    assert all(line.startswith(("# ", "#  ", "export ")) for line in lines)
    assert any("sslCreds" in line for line in lines)
    assert evaluated("\n".join(lines))["CLOUD_RUN_EMULATOR_HOST"] == platform.endpoint.removeprefix("http://")


def evaluated(lines: str, **before: str) -> dict[str, str]:
    """The environment after a shell has evaluated the lines."""
    script = 'eval "$LINES"\nunset LINES\nenv -0'
    environ = {**BARE, **before, "LINES": lines}
    done = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
