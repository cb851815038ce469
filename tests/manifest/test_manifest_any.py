"""Whatever stands anywhere in a manifest: it is refused in words, or Google's client can read it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import yaml
from google.cloud import run_v2
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from relman.errors import ConfigError
from relman.manifest import Translated, translate

from .test_manifest_translation import IMAGE, WHOLE

Path = tuple[str | int, ...]
DOCUMENT = yaml.safe_load(WHOLE)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _paths(node: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from _paths(value, (*path, key))


PATHS = [path for path in _paths(DOCUMENT) if path]


def _with(path: Path, value: Any) -> str:
    document = copy.deepcopy(DOCUMENT)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return str(yaml.safe_dump(document, sort_keys=False))


def _outcome(text: str) -> Translated | str:
    try:
        return translate(text, image=IMAGE, where="any.yaml")
    except ConfigError as error:
        return str(error)


@settings(max_examples=120, deadline=None)
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_any_value_at_any_place_is_refused_or_readable(path: Path, value: Any) -> None:
    """No crash, and nothing that fails only once it is sent."""
    done = _outcome(_with(path, value))
    if isinstance(done, str):
        assert "any.yaml:" in done
        return
    json_format.ParseDict(done.template, run_v2.RevisionTemplate.pb(run_v2.RevisionTemplate()))
    json_format.ParseDict(done.service, run_v2.Service.pb(run_v2.Service()))
    serving = [one["image"] for one in done.template["containers"] if "ports" in one]
    assert serving == [IMAGE]
