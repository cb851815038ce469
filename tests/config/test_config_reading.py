"""From relman.toml to values, and every mistake named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from relman import config
from relman.errors import ConfigError

SOLO = """\
profile = "solo"

[platform]
endpoint = "http://127.0.0.1:8085"      # absent: Google

[service.api]
project = "acme"
region = "europe-west1"
start = "python app.py"                 # absent: Procfile or Dockerfile
phases = [20, 50, 100]
bake = "10m"
smoke = "smoke/api.toml"

[window]
tz = "Europe/Berlin"
windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]
freezes = [{ from = "2026-12-18", to = "2027-01-03", reason = "year end" }]
"""
LEAST = '[service.api]\nproject = "acme"\nregion = "europe-west1"\n'


def written(folder: Path, text: str) -> Path:
    """A relman.toml with this text."""
    path = folder / config.NAME
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    """What the person is told about this text."""
    with pytest.raises(ConfigError) as caught:
        config.load(written(folder, text))
    assert caught.value.code == 2
    return str(caught.value)


def test_the_whole_solo_file(tmp_path: Path) -> None:
    """The file of ruling 37 is read, whole."""
    read = config.load(written(tmp_path, SOLO))
    assert read.profile == "solo"
    assert read.platform.endpoint == "http://127.0.0.1:8085"
    assert read.service["api"].phases == (20, 50, 100)
    assert read.window is not None
    assert read.window.freezes[0].reason == "year end"


def test_the_least_file_and_its_defaults(tmp_path: Path) -> None:
    """Three lines are enough; what they do not say is what the documentation says."""
    read = config.load(written(tmp_path, LEAST))
    found = (read.profile, read.branch, read.tag_prefix, read.remote, read.platform.endpoint, read.window)
    assert found == ("solo", "main", "v", "origin", None, None)
    assert read.ledger.url is None


def test_values_are_frozen(tmp_path: Path) -> None:
    """Nothing changes a configuration once it is read."""
    read: Any = config.load(written(tmp_path, LEAST))
    with pytest.raises(AttributeError):
        read.branch = "other"


def test_dates_and_times_as_toml_has_them(tmp_path: Path) -> None:
    """TOML's own dates and times, without quotes, mean the same."""
    quoted = config.load(written(tmp_path, SOLO)).window
    bare = SOLO.replace('"2026-12-18"', "2026-12-18").replace('"2027-01-03"', "2027-01-03")
    assert config.load(written(tmp_path, bare)).window == quoted


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """An editor that writes one does not break the file."""
    assert config.load(written(tmp_path, "\ufeff" + LEAST)).service["api"].project == "acme"


def test_found_from_a_folder_below(tmp_path: Path) -> None:
    """The nearest one upwards, as Invoke looks for tasks.py; None where there is none."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / config.NAME).mkdir()  # a folder of that name is none
    assert config.find(below) is None
    path = written(tmp_path, LEAST)
    assert config.find(below) == path
    assert config.find(tmp_path) == path


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    """The refusal carries a file that works, but for its names."""
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / config.NAME)
    assert str(tmp_path / config.NAME) in caught.value.fact
    lines = [line.strip() for line in caught.value.clears.splitlines()[1:]]
    minimal = "\n".join(lines).replace("NAME", "api").replace("PROJECT", "acme")
    assert config.load(written(tmp_path, minimal)).service["api"].region == "europe-west1"


def test_no_toml_names_line_and_column(tmp_path: Path) -> None:
    """A syntax error says where."""
    told = refused(tmp_path, 'profile = "solo"\nbranch = = 3\n')
    assert "line 2, column 10" in told
    assert str(tmp_path / config.NAME) in told


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, or a folder, are a configuration error like any other."""
    path = tmp_path / config.NAME
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"cannot be read: .*relman.toml: byte 0 is no UTF-8"):
        config.load(path)
    with pytest.raises(ConfigError, match=r"cannot be read: .*: Is a directory$"):
        config.load(tmp_path)


def test_brackets_without_end_are_a_mistake_like_another(tmp_path: Path) -> None:
    """A file that nobody can have meant is refused in words."""
    assert "too many brackets" in refused(tmp_path, "x = " + "[" * 50_000)


def test_a_strangers_words_in_a_mistake_do_not_drive_the_terminal(tmp_path: Path) -> None:
    """A key is named in the message, without what a terminal obeys; its lines stay."""
    message = refused(tmp_path, '[service.api]\n"ba\\u001b[31mke\\u009b\\u202e" = 1\nphases = 3\n')
    assert "ba [31mke" in message
    assert not {"\x1b", "\x9b", "\u202e"} & set(message)
    assert message.count("\n") == 2


ONE_MISTAKE = [
    ('[service.api]\nbakee = "1m"', "relman.toml:2: service.api.bakee: unknown key, did you mean 'bake'?"),
    ("[service.api]\nbake = 10", "relman.toml:2: service.api.bake: expected a duration"),
    ('[service.api]\nbake = "10 minutes"', "got '10 minutes'"),
    ("[service.api]\nproject = 3", "relman.toml:2: service.api.project: expected a project id"),
    ("[service.api]\nphases = [50, 20, 100]", "relman.toml:2: service.api.phases: expected percentages"),
    ("[service.api]\nphases = [0, 100]", "got [0, 100]"),
    ("[service.api]\nphases = [20, 50]", "got [20, 50]"),
    ("[service.api]\nphases = [true, 100]", "got [True, 100]"),
    ("[service.api]\nphases = []", "got []"),
    ('[service.api]\noverrun = "retrun"', "did you mean 'return'?"),
    ('[service.api]\nimage = "europe-west1-docker.pkg.dev/acme/web/api:v1"', "without tag or digest"),
    ('[service.api]\nbranch = "x"', "'branch' belongs at the top of the file"),
    ("[service.Api]", "relman.toml:1: service.Api: expected the id of a Cloud Run service"),
    (f"[service.{'a' * 40}]", "at most 39 characters (Cloud Run takes 49"),
    ("[service.api.env.Prod]", "relman.toml:1: service.api.env.Prod: expected an environment's name"),
    (
        '[service.api.env.prod]\nregoin = "x"',
        "relman.toml:2: service.api.env.prod.regoin: unknown key, did you",
    ),
    (
        '[platform]\nendpoint = "127.0.0.1:8085"',
        "relman.toml:2: platform.endpoint: expected an http or https URL",
    ),
    ('[platform]\nendpoint = "http://127.0.0.1:99999"', "got 'http://127.0.0.1:99999'"),
    ('[platform]\nendpoint = "http://a/b"', "without a path"),
    (
        '[version]\nunconventional = "skip"',
        "relman.toml:2: version.unconventional: expected one of ignore, patch, refuse",
    ),
    ('[version]\ninitial = "mayor"', "version.initial: expected one of minor, major, shifted"),
    ('[version]\ninitial = "mayor"', "did you mean 'major'?"),
    ("[version]\nsquash = true", "version.squash: expected one of body, list"),
    ('[version]\npre_release = "rc.1"', "version.pre_release: expected one word for pre-releases"),
    ('[version]\npre_release = "7"', "got '7'"),
    ('[version]\nprefix = "v"', "relman.toml:2: version.prefix: unknown key"),
    ('tag_prefix = "v*"', "relman.toml:1: tag_prefix: expected what a git tag may begin with"),
    ('tag_prefix = "a..b"', "got 'a..b'"),
    ('tag_prefix = "-v"', "got '-v'"),
    ('[service.api]\ntag_prefix = "a b"', "service.api.tag_prefix: expected what a git tag may"),
    ("[service.api]\npaths = []", "service.api.paths: expected an array of length >= 1"),
    ('[service.api]\npaths = "api"', "service.api.paths: expected an array"),
    ('[service.api]\npaths = ["/api"]', "service.api.paths[0]: expected a path or pattern relative to"),
    ('[service.api]\npaths = ["api", ""]', "service.api.paths[1]: expected a path or pattern"),
    ('[service.api]\npaths = ["a\\\\b"]', "service.api.paths[0]: expected a path or pattern"),
    ('[service.api.env.prod]\npaths = ["api"]', "service.api.env.prod.paths: unknown key"),
    ("[tides]\nlayers = []", "relman.toml:1: tides: unknown key"),
    ("[oncall]\nlayers = []", "relman.toml:2: oncall.layers: expected an array of length >= 1"),
    ("[[oncall.layers]]\nevery = { hours = 12 }", "there are no hourly rotations"),
    ("[[oncall.layers]]\nevery = { weeks = 0 }", "relman.toml:2: oncall.layers[0].every.weeks: expected"),
    (
        "[[oncall.layers]]\nparticipants = []",
        "oncall.layers[0].participants: expected an array of length >= 1",
    ),
    ("[[oncall.overrides]]", "an override is a signed entry of the ledger"),
    ("[[escalation]]\nsteps = []", "escalation[0].steps: expected an array of length >= 1"),
    ("[windw]", "relman.toml:1: windw: unknown key, did you mean 'window'?"),
]


@pytest.mark.parametrize(("text", "told"), ONE_MISTAKE)
def test_one_mistake_one_line(text: str, told: str, tmp_path: Path) -> None:
    """File, line, path of the key, what was expected and what stands there."""
    whole = text if text.startswith("[service") else f"{text}\n{LEAST}"
    assert told in refused(tmp_path, whole)


WINDOW_MISTAKES = [
    ('tz = "Europe/Berln"', "window.tz: expected an IANA time zone", "did you mean 'Europe/Berlin'?"),
    ('tz = "localtime"', "window.tz: expected an IANA time zone", "got 'localtime'"),
    ('tz = "right/Europe/Berlin"', "window.tz: expected an IANA time zone", ""),
    ('tz = ""', "window.tz: expected an IANA time zone", "got ''"),
    ("windows = []", "window.windows: expected an array of length >= 1", ""),
    ('windows = [{ days = [], start = "10:00", end = "16:00" }]', "windows[0].days: expected an array", ""),
    (
        'windows = [{ days = ["wednesday"], start = "10:00", end = "16:00" }]',
        "days[0]: expected one of mon",
        "",
    ),
    (
        'windows = [{ days = ["wed"], start = "10:00", end = "10:00" }]',
        "windows[0]: start and end are equal",
        "",
    ),
    ('windows = [{ days = ["wed"], start = "24:00", end = "10:00" }]', "24:00 is allowed as an end only", ""),
    (
        'windows = [{ days = ["wed"], start = "9:00", end = "10:00" }]',
        "windows[0].start: expected a time",
        "",
    ),
    ('windows = [{ days = ["wed"], start = "09:00", end = "24:01" }]', "windows[0].end: expected a time", ""),
    ('windows = [{ days = ["wed"], end = "24:00" }]', "windows[0].start: missing, and required", ""),
    ('windows = [{ days = ["wed"], start = "09:00", end = "10:00", every = 2 }]', "it needs an 'anchor'", ""),
    (
        'windows = [{ days = ["wed"], start = "09:00", end = "10:00", every = 0 }]',
        "expected an integer >= 1",
        "",
    ),
    ('freezes = [{ from = "2026-02-30" }]', "freezes[0].from: expected a date", "got '2026-02-30'"),
    ('freezes = [{ from = "2026-12-18T09:00:00Z" }]', "freezes[0].from: expected a date", "local date-time"),
    ('freezes = [{ from = "2026-12-18", to = "2026-12-17" }]', "'to' is not after 'from'", ""),
    ('holidays = ["25.12."]', "holidays[0]: expected a date such as '2026-12-25'", ""),
    ("overrides = []", "window.overrides: unknown key", "a signed entry of the ledger"),
]


@pytest.mark.parametrize(("line", "told", "more"), WINDOW_MISTAKES)
def test_an_unreadable_window_is_never_guessed(line: str, told: str, more: str, tmp_path: Path) -> None:
    """Whatever cannot be read in one way only is a configuration error at its line."""
    good = {"tz": 'tz = "UTC"', "windows": 'windows = [{ days = ["wed"], start = "10:00", end = "16:00" }]'}
    key = line.split(" ", maxsplit=1)[0]
    others = [text for name, text in good.items() if name != key]
    text = refused(tmp_path, "\n".join(["[window]", line, *others, LEAST]))
    assert text.startswith("relman.toml:2: ")
    assert told in text
    assert more in text


def test_all_mistakes_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One run of the command shows them all."""
    text = SOLO.replace("solo", "sol").replace("bake", "bkae").replace('"wed"', '"wen"') + "[team]\n"
    told = refused(tmp_path, text).splitlines()
    assert told[0] == "relman.toml cannot be used: 4 mistakes"
    assert [line.strip().split(": ")[0] for line in told[1:]] == [
        f"relman.toml:{number}" for number in (1, 11, 16, 18)
    ]


def test_no_service_no_configuration(tmp_path: Path) -> None:
    """A file without a service is refused with what to write."""
    told = refused(tmp_path, 'profile = "solo"\n')
    assert "service: missing, and required" in told
    assert "[service.NAME]" in told
    assert "length >= 1" in refused(tmp_path, "[service]\n")
    assert "service: expected a table, got an integer" in refused(tmp_path, "service = 3\n")
    assert "service.api: expected a table, got an integer" in refused(tmp_path, "[service]\napi = 3\n")


def test_two_services_have_two_lines(tmp_path: Path) -> None:
    """Tags of one prefix would be versions of both."""
    two = LEAST + 'tag_prefix = "v"\n' + LEAST.replace("api", "web") + 'tag_prefix = "v"\n'
    told = refused(tmp_path, two)
    assert told.startswith("relman.toml:8: service.web.tag_prefix: the tags of api have the same prefix")
    read = config.load(written(tmp_path, LEAST + LEAST.replace("api", "web") + 'tag_prefix = ""\n'))
    assert (read.prefix("api"), read.prefix("web")) == ("api-v", "")


def test_a_service_without_its_place(tmp_path: Path) -> None:
    """Project and region are required, in the service's table or in that of the environment."""
    text = '[service.api]\nproject = "acme"\n[service.api.env.prod]\nregion = "europe-west1"\n'
    assert config.load(written(tmp_path, text)).key() is not None
    told = refused(tmp_path, text + "[service.api.env.staging]\n")
    assert told.startswith("relman.toml:5: service.api.env.staging.region: missing, and required")


def test_two_environments_are_two_services(tmp_path: Path) -> None:
    """Environments in one place would share one Cloud Run service and its record."""
    told = refused(tmp_path, LEAST + "[service.api.env.prod]\n[service.api.env.staging]\n")
    assert told.startswith("relman.toml:5: service.api.env.staging: same project and region as prod")


def test_a_rollback_reads_only_what_it_needs(tmp_path: Path) -> None:
    """A broken window, phase or section does not stand in the way back; a missing place does."""
    broken = SOLO.replace("Europe/Berlin", "Nowhere").replace("[20, 50, 100]", "[3]") + "[later]\n"
    path = written(tmp_path, broken)
    with pytest.raises(ConfigError):
        config.load(path)
    read = config.load_for_rollback(path)
    assert str(read.key()) == "api (acme, europe-west1)"
    assert read.platform.loopback
    with pytest.raises(ConfigError, match=r"service\.api\.env\.production\.region: missing"):
        config.load_for_rollback(written(tmp_path, '[service.api]\nproject = "acme"\n'))


def test_the_schema_is_that_of_the_file() -> None:
    """Editors are told every section, that other keys are wrong, and the shapes of the words."""
    told = config.schema()
    definitions = told["$defs"]
    assert set(definitions["Sections"]["properties"]) == set(config.Sections.__struct_fields__)
    assert all(not entry["additionalProperties"] for entry in definitions.values())
    assert "from" in definitions["Freeze"]["properties"]
    bake = definitions["Settings"]["properties"]["bake"]["anyOf"][0]
    assert bake["type"] == "string"
    assert "pattern" in bake
    assert msgspec.json.encode(told)


@pytest.mark.parametrize(
    "struct",
    [
        *(config.Sections, config.Platform, config.Ledger, config.Settings, config.Service, config.Target),
        *(config.Schedule, config.Window, config.Freeze, config.Holiday, config.Override, config.Config),
    ],
)
def test_every_key_is_documented(struct: type[msgspec.Struct]) -> None:
    """The docstrings are the reference, so each names every field of its own."""
    inherited = {field for parent in struct.__bases__ for field in getattr(parent, "__struct_fields__", ())}
    attributes = (struct.__doc__ or "").partition("Attributes:")[2]
    undocumented = [
        name
        for name in struct.__struct_fields__
        if name not in inherited and f"\n        {name}: " not in attributes
    ]
    assert undocumented == []
