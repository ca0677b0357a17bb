"""The server process: `gunicorn -c gunicorn.conf.py`; settings are `WAYMARK_*`."""

import gc
import os
import sys
from mmap import mmap
from pathlib import Path
from socket import AF_INET, AF_INET6, socket
from typing import Any

from api.operations.logs import logging_configuration
from api.operations.processes import (
    drop_metrics,
    note_exit,
    serve_metrics,
    share_metrics,
)
from api.server import LARGEST_FIELD, LARGEST_LINE, MOST_FIELDS
from api.settings import SettingsFault, is_local, not_local, read_settings
from api.storage.migrations import NotReady, require_current

try:
    _settings = read_settings()
except SettingsFault as _fault:
    sys.exit(f"Waymark does not start:\n{_fault}")

# Where the processes count; one folder for the life of this server.
if _settings.metrics:
    share_metrics()

wsgi_app = "api.app:create_app()"
worker_class = "api.server.Worker"
asgi_loop = "uvloop"
asgi_lifespan = "on"
http_parser = "python"
http_protocols = "h1"

bind = _settings.bind
root_path = os.environ.get("SCRIPT_NAME", "")
workers = _settings.workers
backlog = _settings.backlog
keepalive = _settings.keep_alive
graceful_timeout = _settings.graceful_timeout + _settings.drain_seconds
worker_connections = 1000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, for the heartbeat
control_socket_disable = True

limit_request_line = LARGEST_LINE
limit_request_fields = MOST_FIELDS
limit_request_field_size = LARGEST_FIELD

# Forwarding headers are the application's matter; the server believes none of them.
forwarded_allow_ips = ""
forwarder_headers = ""
header_map = "drop"

accesslog = None
errorlog = "-"
logger_class = "api.server.Log"
logconfig_dict = logging_configuration(_settings.log_level)


def _refuse_open_doors(server: Any) -> None:
    """End where nobody is asked who it is, and not only this machine can ask.

    Whoever starts gunicorn may have given it other addresses than the settings, or
    sockets that are open already.
    """
    sockets = [each.sock for each in server.LISTENERS]
    is_given = os.environ.get("LISTEN_PID") == str(os.getpid())
    count = int(os.environ.get("LISTEN_FDS", "0")) if is_given else 0
    sockets += [socket(fileno=os.dup(3 + place)) for place in range(count)]
    names = [
        each.getsockname() for each in sockets if each.family in {AF_INET, AF_INET6}
    ]
    addresses = [f"{name[0]}:{name[1]}" for name in names]
    for address in (*map(str, server.cfg.settings["bind"].get()), *addresses):
        if _settings.is_open and not is_local(address):
            sys.exit(f"Waymark does not start: {not_local(address)}")


def on_reload(server: Any) -> None:
    """Look again after SIGHUP, since settings may have changed."""
    _refuse_open_doors(server)
    # Who is replaced need not say that the server stops.
    server.reload_mark[0] = 1
    server.reload_mark = mmap(-1, 1)


def on_starting(server: Any) -> None:
    """Refuse to start where all could write, or on a database of another version."""
    _refuse_open_doors(server)
    server.reload_mark = mmap(-1, 1)
    try:
        require_current(_settings.database_url)
    except NotReady as ex:
        sys.exit(f"Waymark does not start: {ex}")


def post_fork(server: Any, worker: Any) -> None:
    """Tell the process what is no setting of gunicorn's."""
    worker.reload_mark = server.reload_mark
    worker.drain_seconds = _settings.drain_seconds


def child_exit(_server: object, worker: Any) -> None:
    """Let what only a living process has count no more."""
    if _settings.metrics:
        note_exit(worker.pid)


def on_exit(_server: object) -> None:
    """Remove what the processes counted."""
    if _settings.metrics:
        drop_metrics()


def post_worker_init(_worker: object) -> None:
    """Let the collector of garbage look no more at what stays for good."""
    gc.freeze()


def when_ready(_server: object) -> None:
    """Tell whoever started the server where to go from here."""
    if _settings.metrics_bind:
        serve_metrics(_settings.metrics_bind)
    print(f"Waymark answers at http://{bind}/ - try: curl http://{bind}/", flush=True)  # noqa: T201
