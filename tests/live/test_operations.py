"""What operators see of real servers: totals over processes, an end in order."""

import re
import signal
import time
from pathlib import Path
from tempfile import gettempdir

import requests
from liveserver import Server, free_port, wait_until

REQUESTS = 40


def total(url, route):
    """How many requests of a route were counted, by whichever process is asked."""
    text = requests.get(f"{url}/metrics", timeout=10).text
    lines = re.findall(r'waymark_requests_total\{.*route="([^"]+)".*\} (\S+)', text)
    return sum(float(number) for each, number in lines if each == route)


def test_the_counts_of_all_processes_are_added_up(own_server):
    before = total(own_server.url, "/tasks")
    for _ in range(REQUESTS):
        # Each on a connection of its own, so that both processes get some.
        assert requests.get(f"{own_server.url}/tasks", timeout=10).status_code == 200
    wait_until(
        lambda: total(own_server.url, "/tasks") - before == REQUESTS,
        "all processes have told what they counted",
    )
    own_server.kill_worker()
    wait_until(lambda: len(own_server.workers()) == 2, "another worker takes its place")
    wait_until(
        lambda: total(own_server.url, "/tasks") - before == REQUESTS,
        "what a process counted outlives it",
    )


def test_metrics_can_have_a_port_of_their_own(database):
    port = free_port()
    with Server(database, METRICS_BIND=f"127.0.0.1:{port}", AUTH="token") as server:
        url = f"http://127.0.0.1:{port}/metrics"
        requests.get(f"{server.url}/books", timeout=10)
        wait_until(
            lambda: 'status="401"' in requests.get(url, timeout=10).text,
            "the process has told what it counted",
        )
        assert requests.get(f"{server.url}/metrics", timeout=10).status_code == 404


def test_readiness_turns_first_and_requests_are_answered_meanwhile(database):
    with Server(database, DRAIN_SECONDS=3) as server:
        ready = f"{server.url}/health/ready"
        assert requests.get(ready, timeout=10).status_code == 200
        server.signal(signal.SIGTERM)
        begin = time.monotonic()

        def has_turned():
            return requests.get(ready, timeout=10).status_code == 503

        wait_until(has_turned, "readiness fails")
        assert requests.get(f"{server.url}/books", timeout=10).status_code == 200
        assert server.await_end() == 0
        assert 2 < time.monotonic() - begin < 20


def test_who_is_replaced_at_a_reload_does_not_say_that_the_server_stops(database):
    with Server(database, DRAIN_SECONDS=3) as server:
        ready = f"{server.url}/health/ready"
        before = server.workers()
        with requests.Session() as kept:
            assert kept.get(ready, timeout=10).status_code == 200
            server.signal(signal.SIGHUP)
            while before & server.workers():
                assert requests.get(ready, timeout=10).status_code == 200


def test_the_folders_of_servers_that_were_killed_are_removed(database):
    def folders():
        return {each.name for each in Path(gettempdir()).glob("waymark-metrics-*")}

    def of(pid):
        return {each for each in folders() if f"-{pid}-" in each}

    with Server(database) as server:
        killed = server.pid
        assert len(of(killed)) == 1
        server.kill()
        assert of(killed)
        server.start()
        assert not of(killed)
        stopped = server.pid
        assert of(stopped)
        server.stop()
        assert not of(stopped)
