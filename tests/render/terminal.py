"""A clock moved by hand, and a real pseudo-terminal with a VT100 behind it."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import struct
import termios
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TextIO

import pyte

from relman.clock import Clock

NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON
        self.clock = Clock(now=lambda: self.moment, sleep=self.pass_by)

    def pass_by(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


class Terminal:
    """A pseudo-terminal of the kernel, and a VT100 that reads its other end."""

    def __init__(self, columns: int, rows: int, encoding: str) -> None:
        self._far, near = pty.openpty()
        self._vt = pyte.HistoryScreen(columns, rows, history=1000, ratio=1)
        self._stream, self.raw = pyte.ByteStream(self._vt), b""
        self._lock, self._hung_up = threading.Lock(), False
        self._sized(near, columns, rows)
        self.out: TextIO = io.TextIOWrapper(os.fdopen(near, "wb"), encoding=encoding)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _sized(self, end: int, columns: int, rows: int) -> None:
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the near end was closed
            while (chunk := os.read(self._far, 65536)) and not self._hung_up:
                with self._lock:
                    self.raw += chunk
                    self._stream.feed(chunk)

    def resize(self, columns: int, rows: int, *, rewraps: bool) -> None:
        """As a person does with the mouse; most terminals break long lines anew, some cut them."""
        lines = self.lines()
        with self._lock:
            self._vt.resize(rows, columns)
            if rewraps:
                self._vt.reset()
                self._stream.feed("\r\n".join(lines).encode())
            self._sized(self._far, columns, rows)

    def lines(self) -> list[str]:
        """The scrollback and the screen, without trailing blanks."""
        with self._lock:
            old = ["".join(row[at].data for at in range(self._vt.columns)) for row in self._vt.history.top]
            rows = [row.rstrip() for row in [*old, *self._vt.display]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def until(self, *texts: str) -> list[str]:
        """The lines, once all of ``texts`` stand among them at the same time."""
        deadline = time.monotonic() + 5
        while not all(text in "\n".join(lines := self.lines()) for text in texts):
            assert time.monotonic() < deadline, f"{texts} never came:\n" + "\n".join(lines)
            time.sleep(0.01)
        return lines

    @property
    def cursor_shows(self) -> bool:
        """Whether a person sees where they type."""
        return not self._vt.cursor.hidden

    def hang_up(self) -> None:
        """The window is closed: nobody reads the far end any more."""
        self._hung_up = True
        os.write(self.out.fileno(), b" ")  # wakes the reader: a file that is being read is not closed
        self._reader.join(5)
        os.close(self._far)
        self._far = -1

    def close(self) -> list[str]:
        """What is to be read when all is written."""
        with contextlib.suppress(OSError):
            self.out.close()
        self._reader.join(5)
        if self._far >= 0:
            os.close(self._far)
            self._far = -1
        return self.lines()
