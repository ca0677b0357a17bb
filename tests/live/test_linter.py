"""A linter of OpenAPI descriptions, as authors of APIs use it, finds nothing."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

PACKAGES = Path(__file__).parent.parent / "npm"
SPECTRAL = PACKAGES / "node_modules" / ".bin" / "spectral"
# Its two rules of examples take a minute; another test holds each against its schema.
RULES = """
extends: spectral:oas
rules:
  oas3-valid-media-example: off
  oas3-valid-schema-example: off
"""
pytestmark = pytest.mark.skipif(
    not SPECTRAL.exists() and not os.environ.get("CI"),
    reason="`npm ci` was not run in tests/npm; CI does it",
)


def lint(folder, description):
    """What the linter says of the description by the rules that it recommends."""
    (folder / "openapi.json").write_text(json.dumps(description))
    (folder / ".spectral.yaml").write_text(RULES)
    done = subprocess.run(
        [SPECTRAL, "lint", "openapi.json", "--quiet", "--format=json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)


def test_a_linter_finds_nothing_in_the_description(server, tmp_path):
    assert shutil.which("node"), "the linter needs Node"
    description = requests.get(f"{server.url}/openapi.json", timeout=20).json()
    assert lint(tmp_path, description) == []


def test_the_linter_would_find_a_fault(tmp_path):
    operation = {"responses": {"200": {"description": "Well."}}}
    description = {
        "openapi": "3.1.0",
        "info": {"title": "A shop", "version": "1"},
        "paths": {"/books": {"get": operation, "post": operation}},
    }
    found = {each["code"] for each in lint(tmp_path, description)}
    assert "operation-operationId" in found
