"""Clients that write through every outage and remember what was acknowledged."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from urllib.parse import urlencode

import requests
from liveserver import PATIENCE

_PAUSE = 0.02
_LONGEST = 20
_TOLD = {200, 201}


def url_of_all(hosts, attributes):
    """The URL of one database on several servers, of which one kind is wanted."""
    pairs = [("host", host) for host in hosts] + [("target_session_attrs", attributes)]
    return f"postgresql+psycopg://waymark@/shop?{urlencode(pairs)}"


class Writers:
    """Threads that write new things again and again, each until it is acknowledged.

    A PUT and a POST with an idempotency key are sent again blindly. What was
    acknowledged is read at once, and must be there.
    """

    def __init__(self, url, number=6):
        self.url, self.kept, self.told = url, [], Counter()
        self.missed, self.missed_meanwhile, self.surprises = [], [], []
        self._is_over, self._is_disturbed = threading.Event(), False
        self._threads = [
            threading.Thread(target=self._run, args=(each,), daemon=True)
            for each in range(number)
        ]

    @contextmanager
    def at_work(self):
        for each in self._threads:
            each.start()
        try:
            yield self
        finally:
            self._is_over.set()
            for each in self._threads:
                each.join(2 * PATIENCE)

    @contextmanager
    def disturbed(self):
        """While some process may know no primary, others' writes may be missing."""
        self._is_disturbed = True
        try:
            yield
        finally:
            self._is_disturbed = False

    def wait_for(self, number, seconds=PATIENCE):
        """Wait until so many more were acknowledged; for how long that took."""
        begin, wanted = time.monotonic(), len(self.kept) + number
        while len(self.kept) < wanted:
            assert time.monotonic() < begin + seconds, f"only {self.told}"
            time.sleep(_PAUSE)
        return time.monotonic() - begin

    def _run(self, place):
        count = 0
        with requests.Session() as session:
            while not self._is_over.is_set():
                count += 1
                self._write(session, f"{place}-{count}", is_put=count % 3 > 0)

    def _write(self, session, key, *, is_put):
        while not self._is_over.is_set():
            try:
                status = self._sent(session, key, is_put=is_put)
            except requests.RequestException as ex:
                status = type(ex).__name__
            self.told[status] += 1
            if status in _TOLD:
                self.kept.append(key)
                self._read(session, key)
                return
            if status not in {503, 409, "ConnectionError", "ReadTimeout"}:
                self.surprises.append(status)
            time.sleep(_PAUSE)

    def _sent(self, session, key, *, is_put):
        if is_put:
            sent = session.put(
                f"{self.url}/items/{key}", json={"value": key}, timeout=_LONGEST
            )
        else:
            sent = session.post(
                f"{self.url}/items",
                json={"key": key, "value": key},
                headers={"Idempotency-Key": key},
                timeout=_LONGEST,
            )
        return sent.status_code

    def _read(self, session, key):
        try:
            read = session.get(f"{self.url}/items/{key}", timeout=_LONGEST)
        except requests.RequestException:
            return
        if read.status_code != 503 and read.json().get("value") != key:
            missed = self.missed_meanwhile if self._is_disturbed else self.missed
            missed.append((key, read.status_code))


def lost(connection, writers):
    """What was acknowledged and is not there."""
    rows = connection.execute("SELECT key FROM items").fetchall()
    return set(writers.kept) - {key for (key,) in rows}
