"""Several things at once until one of them is done. What it is not: a wait for all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first(*works: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any] | None]:
    """Do several things until one of them is done, and leave the others off; each that is done, else None."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return [task if task.done() else None for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
