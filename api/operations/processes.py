"""Metrics of several processes: the folder where each counts, and a port of their own.

prometheus_client looks for the folder's variable when it is imported, so it is imported
here only once that is set.
"""

import os
import shutil
import tempfile
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIServer

_FOLDER = "waymark-metrics-"
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder of the processes' files, if there are several."""


def share_metrics() -> None:
    """Let the processes that this one forks count together, in a folder of theirs.

    Folders whose server was killed are removed.
    """
    if MULTIPROCESS in os.environ:
        return
    for each in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        pid = each.name.removeprefix(_FOLDER).partition("-")[0]
        is_ours = each.is_dir() and each.stat().st_uid == os.getuid()
        if is_ours and not Path("/proc", pid).exists():
            shutil.rmtree(each, ignore_errors=True)
    prefix = f"{_FOLDER}{os.getpid()}-"
    os.environ[MULTIPROCESS] = tempfile.mkdtemp(prefix=prefix)


def drop_metrics() -> None:
    """Remove what the processes counted."""
    shutil.rmtree(os.environ.pop(MULTIPROCESS, ""), ignore_errors=True)


def note_exit(pid: int) -> None:
    """Let what only a living process has count no more."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - see above

    note: Any = multiprocess.mark_process_dead
    note(pid)


def serve_metrics(bind: str) -> tuple[WSGIServer, Thread]:
    """Answer at an address of its own, in a thread, with what all processes count."""
    from prometheus_client import (  # noqa: PLC0415 - see above
        CollectorRegistry,
        start_http_server,
    )
    from prometheus_client.multiprocess import (  # noqa: PLC0415
        MultiProcessCollector,
    )

    registry = CollectorRegistry()
    collect: Any = MultiProcessCollector
    collect(registry)
    host, _, port = bind.rpartition(":")
    return start_http_server(int(port), host.strip("[]"), registry)
