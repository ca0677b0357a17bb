"""Each operation is declared once, and mypy knows its types in both faces."""

import inspect
import subprocess
import sys
from pathlib import Path

from waymark_client import AsyncResource, Resource
from waymark_client.operations import DocumentOperations, Giving, Reading, Walking

ROOT = Path(__file__).parents[2]


def test_the_types_of_both_faces_are_known():
    path = Path(__file__).with_name("typed_faces.py")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_face_has_an_operation_of_its_own():
    operations = {
        name
        for name, each in vars(DocumentOperations).items()
        if isinstance(each, Reading | Giving | Walking)
    }
    assert "patch" in operations
    for face in (Resource, AsyncResource):
        assert not operations & set(vars(face))


def test_an_operation_tells_what_it_does_and_takes():
    assert "merge patch" in Resource.patch.__doc__
    assert "prefer" in inspect.signature(AsyncResource.patch).parameters
