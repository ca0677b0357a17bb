"""A tool that tries what the description promises finds no fault.

`make fuzz` runs it for three minutes, another try each time; `make test` does not.
"""

import os
import subprocess
import sys
from pathlib import Path

import requests
from liveserver import ROOT

SECONDS = int(os.environ.get("FUZZ_SECONDS", "180"))


def test_schemathesis_finds_no_fault(own_server):
    stock(own_server.url)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("run", f"{own_server.url}/openapi.json"),
            *("--max-time", str(SECONDS), "--no-color"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'live'}",
            "SCHEMATHESIS_HOOKS": "fuzzing",
        },
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:]


def stock(url):
    """Let there be what the examples refer to, and a product that can't be removed."""
    told = requests.get(f"{url}/openapi.json", timeout=20).json()["components"]
    for noun, path in (
        ("book", "/books"),
        ("product", "/products"),
        ("customer", "/customers"),
        ("order", "/customers/1/orders"),
        ("lineitem", "/orders/1/lineitems"),
    ):
        body = told["requestBodies"][f"{noun}-input"]["content"]["application/json"]
        example = body["examples"][noun]["value"]
        made = requests.post(f"{url}{path}", json=example, timeout=20)
        assert made.status_code == 201, made.text
    placed = requests.put(f"{url}/orders/1/placement", json={}, timeout=20)
    assert placed.status_code == 201, placed.text
