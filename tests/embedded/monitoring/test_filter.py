"""The filter language: what is understood, and that nothing else is ignored."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from google.api_core import exceptions
from hypothesis import given
from hypothesis import strategies as st

from relman.embedded.control.monitoring.filter import read
from relman.embedded.control.monitoring.series import COUNT, made
from relman.embedded.resources.minutes import Distribution, Key

ONE = Distribution(1, 1.0, 1.0, {0: 1})
PLACE = "projects/p1/locations/europe-west1/services"
FOUND = made(
    COUNT,
    [
        (Key(1, f"{PLACE}/{service}/revisions/{service}-{version}", code), ONE)
        for service in ("api", "web")
        for version in ("v1", "v2")
        for code in (200, 503)
    ],
)
METRIC = f'metric.type = "{COUNT}"'


def chosen(text: str) -> set[str]:
    """The series that a filter wants, in short."""
    test = read(text).test
    return {
        f"{one.labels['resource.labels.revision_name']} {one.labels['metric.labels.response_code']}"
        for one in FOUND
        if test(one.selectors)
    }


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (METRIC, 8),
        (f"metric.type='{COUNT}'", 8),
        (f'resource.type="cloud_run_revision" AND {METRIC}', 8),
        (f'{METRIC} resource.labels.service_name="api"', 4),
        (f'{METRIC} AND resource.label.revision_name="api-v1" AND metric.label.response_code_class="5xx"', 1),
        (f'{METRIC} AND metric.labels."response_code" != "200"', 4),
        (f"{METRIC} AND metric.labels.response_code = 503", 4),
        (
            f'({METRIC}) (resource.labels.revision_name="api-v1" OR resource.labels.revision_name="web-v1")',
            4,
        ),
        (f'{METRIC} AND resource.labels.revision_name="api-v1" OR resource.labels.revision_name="web-v1"', 4),
        (f'{METRIC} AND NOT resource.labels.service_name="api"', 4),
        (f'{METRIC} AND NOT (resource.labels.service_name="api" AND metric.labels.response_code="200")', 6),
        (f'{METRIC} AND resource.labels.revision_name = one_of("api-v1", "web-v2")', 4),
        (f'{METRIC} AND resource.labels.revision_name = starts_with("api")', 4),
        (f'{METRIC} AND resource.labels.revision_name != ends_with("v1")', 4),
        (f'{METRIC} AND resource.labels.revision_name = has_substring("i-v")', 4),
        (f'{METRIC} AND project = "p1" AND resource.labels.location = "europe-west1"', 8),
        (f'{METRIC} AND resource.labels.configuration_name = "no\\"body"', 0),
    ],
)
def test_what_is_asked_for_is_what_is_told(text: str, count: int) -> None:
    """Equality, functions, AND with and without the word, OR, NOT and parentheses."""
    assert len(chosen(text)) == count


def test_or_binds_tighter_than_and() -> None:
    """As in Google's other filters."""
    text = (
        f'{METRIC} AND metric.labels.response_code="503" AND resource.labels.revision_name="api-v1" OR {{}}'
    )
    assert chosen(text.format('resource.labels.revision_name="api-v2"')) == {"api-v1 503", "api-v2 503"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a filter is required"),
        ('resource.labels.service_name="api"', "single metric type"),
        (f'{METRIC} OR metric.type="other"', "single metric type"),
        ('metric.type = starts_with("run")', "takes = and one value"),
        (f'{METRIC} AND metric.type != "a"', "takes = and one value"),
        (f'{METRIC} AND resource.type="gae_app"', "valid combination of metric and monitored resource"),
        (f'{METRIC} AND resource.labels.service="api"', "'resource.labels.service' is unknown"),
        (f'{METRIC} AND metadata.user_labels.a="b"', "is unknown"),
        (f"{METRIC} AND metric.labels.response_code >= 500", "'>=' is not supported"),
        (f'{METRIC} AND resource.labels.service_name:"api"', "':' is not supported"),
        (f'{METRIC} AND resource.labels.service_name=("a" OR "b")', "contains an unsupported value"),
        (f'{METRIC} AND resource.labels.service_name=monitoring.regex.full_match("a")', "is not supported"),
        (f'{METRIC} AND resource.labels.service_name=starts_with("a", "b")', "takes one argument"),
        (f"{METRIC} AND", "ends too early"),
        (f"{METRIC} AND (", "ends too early"),
        (f"{METRIC} )", "')' is not expected"),
        (f'{METRIC} AND (project="p1"', "'its end' is not expected"),
        (f'{METRIC} AND project="p1', "cannot be read from"),
        (f"{METRIC} AND {'x' * 9999}", "'xxx"),
        (f"{METRIC} AND {'(' * 9999}", "nested deeper than 20"),
        (f"{METRIC} AND {'NOT ' * 9999}", "nested deeper than 20"),
    ],
)
def test_what_is_not_known_is_refused(text: str, why: str) -> None:
    """With the reason, and without repeating a filter without end."""
    with pytest.raises(exceptions.InvalidArgument, match="Field filter had an invalid value") as refused:
        read(text)
    assert why in refused.value.message
    assert len(refused.value.message) < 800


WORDS = st.sampled_from(
    [METRIC, "AND", "OR", "NOT", "(", ")", "=", '"a"', "project", "one_of", ",", "\\", "é"]
)


@given(text=st.lists(WORDS, max_size=12).map(" ".join) | st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Never anything else."""
    with contextlib.suppress(exceptions.InvalidArgument):
        read(text)


def test_nothing_of_it_is_imported_before_it_is_called() -> None:
    """The official package would cost every start of the platform a tenth of a second."""
    code = "import relman.embedded.platform, sys; print('google.cloud.monitoring_v3' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout.strip() == b"False"
