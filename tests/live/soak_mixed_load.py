"""Ten minutes of mixed load leave memory and open files as they were: `make soak`."""

import os
import random
import re
import time
from pathlib import Path
from statistics import median
from threading import Event, Thread

import requests
from liveserver import Server, command, copy_of

SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
CLIENTS = 6
MEBIBYTE = 1024 * 1024
HTML = {"Accept": "text/html"}
FORMS = {"Accept": "application/prs.hal-forms+json"}


def test_memory_and_open_files_stay_as_they_are(template, tmp_path):
    database = copy_of(template, tmp_path)
    command(database, "load-sample")
    with Server(database, RATE_LIMIT="1000000/hour", AUDIT_LOG="on") as server:
        ended, faults = Event(), []
        crowd = [
            Thread(target=use, args=(server.url, ended, faults, seed))
            for seed in range(CLIENTS)
        ]
        for each in crowd:
            each.start()
        measured = []
        try:
            while len(measured) < 30:
                time.sleep(SECONDS / 30)
                measured.append(held(server.workers()))
        finally:
            ended.set()
            for each in crowd:
                each.join()
    assert faults == []
    # The first third warms up: caches fill, statements are compiled.
    memory, files = zip(*measured[10:], strict=True)
    told = f"RssAnon {[each // MEBIBYTE for each in memory]} MiB, files {files}"
    print(told)  # noqa: T201 - the figures are what it is run for
    assert median(memory[-7:]) - median(memory[:7]) < 8 * MEBIBYTE
    assert max(files[-7:]) <= max(files[:7]) + 4


def held(pids):
    """The octets in memory and the open files of the processes together.

    What of the database file is mapped into memory is the kernel's, and not counted.
    """
    memory = files = 0
    for pid in pids:
        told = Path(f"/proc/{pid}/status").read_text()
        memory += int(re.search(r"RssAnon:\s+(\d+) kB", told)[1]) * 1024
        files += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return memory, files


def use(url, ended, faults, seed):
    """Read, write, search, stream, and break off, until it is told to end."""
    chance = random.Random(seed)
    while not ended.is_set():
        with requests.Session() as session:
            for _ in range(50):
                try:
                    status = one(session, url, chance).status_code
                except requests.RequestException as ex:
                    faults.append(repr(ex))
                    return
                if status >= 500:
                    faults.append(status)


def one(session, url, chance):
    """The answer to one request of some sort."""
    number, task = chance.randint(1, 30), f"{url}/tasks/t{chance.randint(1, 200)}"
    body = {"description": "x" * chance.randint(1, 900)}
    asked = [
        lambda: session.get(f"{url}/products?sort=-price&limit={number}"),
        lambda: session.get(f"{url}/products/{number}", headers=HTML),
        lambda: session.get(f"{url}/orders?embed=&limit=5", headers=FORMS),
        lambda: session.get(f"{url}/products.ndjson"),
        lambda: session.get(f"{url}/nowhere/{chance.random()}"),
        lambda: session.get(f"{url}/tasks?description.contains={number}"),
        lambda: session.put(task, json=body),
        lambda: session.patch(task, json={"complete": chance.random() < 0.5}),
        lambda: session.delete(task),
        lambda: session.post(f"{url}/tasks", data="{", headers={"Accept": "*/*"}),
        lambda: session.get(f"{url}/books?cursor={chance.random()}"),
        lambda: session.post(
            f"{url}/tasks",
            json=body,
            headers={"Idempotency-Key": str(chance.randint(1, 10**9))},
        ),
    ]
    return chance.choice(asked)()
