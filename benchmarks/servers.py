"""Servers as processes of their own, and the CPU time that they took so far."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.database import PROJECT, environment

HOST = "127.0.0.1"
_START_SECONDS = 20
_STOP_SECONDS = 15
_MICROSECONDS_PER_TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A gunicorn that listens on a port of the loopback interface."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """Microseconds of CPU that the whole tree of processes has taken."""
        return sum(_cpu_of(pid) for pid in _tree(self.pid))


@contextmanager
def running(
    name: str, configuration: str, url: str, directory: Path, **settings: str
) -> Iterator[Server]:
    """A server with one worker, which has ended when the block has.

    Raises:
        RuntimeError: it did not start; tells what it wrote.
    """
    port = _free_port()
    env = environment(
        url, WAYMARK_BIND=f"{HOST}:{port}", WAYMARK_WORKERS="1", **settings
    )
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", configuration],
            cwd=PROJECT,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        _await_port(process, port, log)
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in reversed(_tree(process.pid)):
                os.kill(pid, 9)
            process.wait()


def pin(cores: set[int]) -> None:
    """Let this process, and what it starts from now on, run on these cores only."""
    os.sched_setaffinity(0, cores)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            if len(_tree(process.pid)) > 1:
                return
    raise RuntimeError(f"a server did not start:\n{log.read_text()}")


def _tree(pid: int) -> list[int]:
    """The process and all below it, parents first."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _tree(int(child))
    return found


def _cpu_of(pid: int) -> float:
    """Microseconds by the scheduler's account, or else by the clock's ticks."""
    try:
        accounts = [
            (task / "schedstat").read_text().split()
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
        return sum(int(nanoseconds) / 1000 for nanoseconds, *_ in accounts)
    except FileNotFoundError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _MICROSECONDS_PER_TICK
