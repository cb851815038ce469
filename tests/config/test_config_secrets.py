"""What an error of relman.toml does not repeat."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from relman import config
from relman.errors import ConfigError


@pytest.mark.parametrize(
    "address", ["http://ana:{}@h", "ana:{}@h:80", "https://{}@h/x@y", "http://ana:{}@", "//{}@h"]
)
@pytest.mark.parametrize("secret", ["hunter2", 'p/w"x', "a@b:c", "a//b"])
def test_a_password_in_an_address_is_not_repeated(address: str, secret: str, tmp_path: Path) -> None:
    """An address with one is refused, and the error goes to screens and logs."""
    quoted = msgspec.json.encode(address.format(secret)).decode()
    path = tmp_path / config.NAME
    path.write_text(f"[platform]\nendpoint = {quoted}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    told = str(caught.value)
    assert "…@" in told
    assert not any(part in told for part in ("hunter2", "p/w", "a@b", "a//b", "b:c"))
