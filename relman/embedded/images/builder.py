"""The builder's process: reads one job as JSON, builds, writes one answer as JSON.

What it is not: the build (``oci``). A process of its own can be ended with all that it started, when
a build is cancelled or takes too long; it ends itself when the platform that wants its answer dies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from relman.embedded.images import oci


def main() -> None:
    """Build what the first line of standard input says; the log goes to standard error."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        built = oci.build(**(job | {"layout": Path(job["layout"])}), log=_log)
        answer = {"digest": built.digest, "commit": built.commit}
    except oci.BuildError as error:
        _log(f"ERROR: {error.detail}")
        answer = {"kind": error.kind, "detail": error.detail}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the thread still reads standard input


def _end_with_parent() -> None:
    """The pipe ends when the platform does: then nobody wants the answer."""
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


def _log(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
