"""What the operator's page names is there."""

import re
from pathlib import Path

from api.__main__ import main
from api.errors import problem_types
from api.operations import metrics
from api.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def test_every_metric_that_is_named_is_counted():
    text = metrics.exposition().decode()
    counted = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    named = set(re.findall(r"waymark_\w+", PAGE))
    assert named
    assert named <= counted | {f"{name}_total" for name in counted}
    for slug in re.findall(r'type="([a-z-]+)"', PAGE):
        assert slug in problem_types()


def test_every_setting_that_is_named_exists():
    named = set(re.findall(r"WAYMARK_\w+", PAGE))
    assert named
    assert named <= {name for name, _ in Settings().shown()}


def test_every_command_that_is_named_exists():
    named = set(re.findall(r"-m api ([a-z-]+)", PAGE))
    assert named == {"migrate", "backup"}
    assert named <= main.commands.keys()


def test_every_logger_that_is_named_logs():
    folder = Path(__file__).parents[2] / "api"
    source = "".join(each.read_text() for each in folder.rglob("*.py"))
    for name in re.findall(r'"logger": "([a-z.]+)"', PAGE):
        assert f'getLogger("{name}")' in source
