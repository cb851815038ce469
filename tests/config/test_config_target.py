"""Which service and environment is meant, and what the platform is."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman import config
from relman.errors import ConfigError, UsageError

TWO = """\
[service.api]
project = "acme"
region = "europe-west1"
bake = "2h"
manifest = "service.yaml"
start = "python app.py"

[service.api.env.staging]
project = "acme-staging"
bake = "250ms"
phases = [100]

[service.api.env.prod]
smoke = "smoke/api.toml"
overrun = "hold"

[service.web]
project = "example.com:acme"
region = "us-central1"
"""


@pytest.fixture
def two(tmp_path: Path) -> config.Config:
    """Two services, one of them in two environments, with the files that they name."""
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "api.toml").write_text("")
    (tmp_path / "service.yaml").write_text("")
    return loaded(tmp_path, TWO)


def loaded(folder: Path, text: str) -> config.Config:
    """The configuration of this text."""
    path = folder / config.NAME
    path.write_text(text)
    return config.load(path)


def test_the_environment_overrides_the_common(two: config.Config) -> None:
    """What the environment says goes before what the service says; the rest is common."""
    staging, prod = two.select("api", "staging"), two.select("api", "prod")
    assert (staging.project, staging.bake, staging.phases) == ("acme-staging", 0.25, (100,))
    assert (prod.project, prod.bake, prod.phases) == ("acme", 7200.0, (20, 50, 100))
    assert (staging.overrun, prod.overrun) == ("finish", "hold")
    assert staging.smoke is None
    assert prod.smoke == two.folder / "smoke" / "api.toml"
    assert staging.manifest == prod.manifest == two.folder / "service.yaml"
    assert prod.start == "python app.py"
    assert str(prod.key) == "api (acme, europe-west1)"
    assert two.key("api", "staging") == staging.key


def test_no_environments_is_production(two: config.Config) -> None:
    """A service without sub-tables has one environment, which need not be named."""
    assert two.select("web").environment == "production"
    assert two.select("web", "production") == two.select("web")


def test_where_images_go(two: config.Config) -> None:
    """The repository that ``gcloud run deploy --source`` uses; a domain's colon becomes a slash."""
    assert two.select("api", "prod").image == "europe-west1-docker.pkg.dev/acme/cloud-run-source-deploy/api"
    assert two.select("web").image == (
        "us-central1-docker.pkg.dev/example.com/acme/cloud-run-source-deploy/web"
    )


@pytest.mark.parametrize(
    ("service", "env", "told"),
    [
        (None, None, ["which service is meant", "--service=api or --service=web"]),
        ("api", None, ["which environment of api is meant", "--env=staging or --env=prod"]),
        ("ap", None, ["there is no such service", "did you mean 'api'?"]),
        ("api", "stagin", ["there is no such environment of api", "did you mean 'staging'?"]),
        ("web", "prod", ["there is no such environment of web", "--env=production"]),
    ],
)
def test_several_and_none_chosen(
    service: str | None, env: str | None, told: list[str], two: config.Config
) -> None:
    """The refusal lists what there is, with the flag to type."""
    with pytest.raises(UsageError) as caught:
        two.select(service, env)
    assert all(part in str(caught.value) for part in told)


def test_a_named_file_must_exist(two: config.Config) -> None:
    """The line of the key is named, be it in the environment; the key of a rollback does not care."""
    (two.folder / "smoke" / "api.toml").unlink()
    with pytest.raises(
        ConfigError, match=r"relman\.toml:14: service\.api\.env\.prod\.smoke: there is no file"
    ):
        two.select("api", "prod")
    assert two.key("api", "prod").service == "api"
    assert two.select("api", "staging").smoke is None


@pytest.mark.parametrize("named", ["../outside.yaml", "/etc/passwd", "link.yaml"])
def test_files_stay_inside_the_repository(named: str, tmp_path: Path) -> None:
    """Neither dots nor absolute paths nor links lead out."""
    inside = tmp_path / "repository"
    inside.mkdir()
    (tmp_path / "outside.yaml").write_text("")
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    read = loaded(inside, f'[service.api]\nproject = "a"\nregion = "europe-west1"\nmanifest = "{named}"\n')
    with pytest.raises(ConfigError, match=r"relman\.toml:4: .* is outside the repository"):
        read.select()


def test_a_file_elsewhere_in_the_repository(tmp_path: Path) -> None:
    """With git above, the repository is what git keeps, not the folder of relman.toml."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.yaml").write_text("")
    inside = tmp_path / "services"
    inside.mkdir()
    read = loaded(inside, TWO.replace("service.yaml", "../shared.yaml"))
    assert read.select("api", "staging").manifest == tmp_path / "shared.yaml"


@pytest.mark.parametrize(
    ("endpoint", "loopback"),
    [
        ("http://127.0.0.1:8085", True),
        ("http://127.8.9.10:8085/", True),
        ("https://[::1]:8085", True),
        ("http://localhost", True),
        ("http://LOCALHOST:1", True),
        ("http://127.0.0.1.example.com", False),
        ("http://128.0.0.1", False),
        ("http://0.0.0.0:8085", False),
        ("https://run.googleapis.com", False),
    ],
)
def test_what_is_loopback(endpoint: str, loopback: bool) -> None:  # noqa: FBT001
    """The machine itself and no other: confirmation and doubt hang on it."""
    platform = config.Platform().for_run({"CLOUD_RUN_EMULATOR_HOST": endpoint})
    assert platform.loopback is loopback
    assert platform.doubt_seconds == (1.0 if loopback else 10.0)


def test_the_variables_go_before_the_file(tmp_path: Path) -> None:
    """Each for its own API, with or without a scheme; an empty one is none."""
    text = '[platform]\nendpoint = "http://127.0.0.1:1"\ndoubt = "3s"\n[service.api]\nproject = "a"\n'
    platform = loaded(tmp_path, text + 'region = "europe-west1"\n').platform
    environ = {"CLOUD_RUN_EMULATOR_HOST": "localhost:2", "CLOUD_BUILD_EMULATOR_HOST": ""}
    assert platform.for_run(environ).endpoint == "http://localhost:2"
    assert platform.for_build(environ).endpoint == "http://127.0.0.1:1"
    assert platform.for_run(environ).doubt_seconds == 3.0
    assert config.Platform().for_run({}).endpoint is None
    assert not config.Platform().loopback


def test_a_variable_that_is_no_host() -> None:
    """The refusal names the variable."""
    with pytest.raises(UsageError, match="CLOUD_BUILD_EMULATOR_HOST cannot be used"):
        config.Platform().for_build({"CLOUD_BUILD_EMULATOR_HOST": "http://"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("90s", 90), ("10m", 600), ("2h", 7200), ("14d", 1209600), ("0s", 0), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    """A number and a unit."""
    assert config.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "10 m", "m", "-1s", "1h30m", "10min", "1e3s", "\u0661s"])
def test_what_is_no_duration(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UsageError, match="not a duration"):
        config.duration(text)


def test_a_repository_reached_through_a_link(tmp_path: Path) -> None:
    """Files are relative to the folder, whatever name led to it."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "service.yaml").write_text("")
    (tmp_path / "link").symlink_to(real)
    read = loaded(tmp_path / "link", TWO)
    manifest = read.select("api", "staging").manifest
    assert manifest is not None
    assert str(manifest.relative_to(read.folder)) == "service.yaml"
