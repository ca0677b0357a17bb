"""A primary is killed under writers: with quorum commit, nothing acknowledged is lost.

A kill alone proves nothing on one machine, since the kernel still delivers what was
sent: the streams to the standbys are stopped first, one after the other.
"""

import os
import signal
import sys
import time
from contextlib import ExitStack

from acknowledged import Writers, lost, url_of_all
from liveserver import Server, wait_until

from tests.postgresql import running_postgresql, running_standby

_OPTIONS = (
    "-c listen_addresses= -c max_connections=80 -c shared_buffers=32MB"
    " -c wal_keep_size=256MB"
)
_STREAMS = (
    "SELECT pid FROM pg_stat_replication WHERE state = 'streaming'"
    " ORDER BY application_name"
)
_REACHED = "SELECT pg_last_wal_receive_lsn() - '0/0'"
_ROUNDS = 3


class Cluster:
    """A primary and two standbys."""

    def __init__(self, stack, quorum):
        self._quorum = quorum
        self.primary = stack.enter_context(running_postgresql(_OPTIONS))
        self.primary.migrated("shop")
        self.standbys = [
            stack.enter_context(running_standby(self.primary, name, _OPTIONS))
            for name in ("n2", "n3")
        ]
        servers = (self.primary, *self.standbys)
        self.names = dict(zip(servers, ("n1", "n2", "n3"), strict=True))
        self._await_streams()

    def fail_over(self):
        """Stop the streams in turn, kill the primary, promote who has most of it."""
        with self.primary.connect() as admin:
            streams = [pid for (pid,) in admin.execute(_STREAMS)]
        for pid in streams:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.4)
        self.primary.kill()
        killed = self.primary
        self.primary = max(self.standbys, key=_reached)
        self.primary.promote()
        [other] = [each for each in self.standbys if each is not self.primary]
        other.stop("immediate")
        for each in (other, killed):
            each.become_standby(self.primary, self.names[each])
        self.standbys = [other, killed]
        self._await_streams()

    def _await_streams(self):
        self.primary.set("synchronous_standby_names", self._quorum)
        with self.primary.connect() as admin:
            wait_until(lambda: len(admin.execute(_STREAMS).fetchall()) == 2, "streams")


def _reached(standby):
    with standby.connect() as admin:
        return admin.execute(_REACHED).fetchone()[0]


def _written_through(rounds, quorum, folder):
    """The writers that worked while the primary was killed, and what was lost."""
    with ExitStack() as stack:
        cluster = Cluster(stack, quorum)
        hosts = [each.folder for each in cluster.names]
        urls = {
            "DATABASE_URL": url_of_all(hosts, "read-write"),
            "STANDBY_URL": url_of_all(hosts, "prefer-standby"),
        }
        server = Server(folder / "node", DATABASE_TIMEOUT=5, ACCESS_LOG=False, **urls)
        with server, Writers(server.url).at_work() as writers:
            for _ in range(rounds):
                writers.wait_for(100)
                with writers.disturbed():
                    cluster.fail_over()
                    writers.wait_for(50)
        with cluster.primary.connect("shop") as admin:
            missing = lost(admin, writers)
    told = f"{len(writers.kept)} acknowledged, {len(missing)} lost, {writers.told}\n"
    sys.stdout.write(told)
    return writers, missing


def test_with_quorum_commit_no_acknowledged_write_is_lost(tmp_path):
    writers, missing = _written_through(_ROUNDS, "ANY 1 (n1, n2, n3)", tmp_path)
    assert missing == set()
    assert writers.missed == []
    assert writers.surprises == []


def test_without_it_some_are_lost_so_the_test_can_fail(tmp_path):
    _, missing = _written_through(1, "", tmp_path)
    assert missing
