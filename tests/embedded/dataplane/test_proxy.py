"""The way to the data plane: what is asked of one that is there and does not answer."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from relman.embedded.control import proxy


def test_a_data_plane_that_is_stopped_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is told after a while, with its number; when it goes on, it answers again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(proxy, "ANSWER_S", 0.3)
    asyncio.run(_asked_while_stopped(tmp_path))


async def _asked_while_stopped(state: Path) -> None:
    process = proxy.start(state)
    try:
        plane = proxy.DataPlane(state, list, lambda _: None)
        assert await _again(plane) == {}
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(ConnectionError, match=r"does not answer within 0.3 s: is it stopped\?"):
            await plane.load()
        os.kill(process.pid, signal.SIGCONT)
        assert await _again(plane) == {}
    finally:
        await process.kill()


async def _again(plane: proxy.DataPlane) -> object:
    """What it answers, as soon as it does."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await plane.load()
            except ConnectionError:
                await asyncio.sleep(0.02)
