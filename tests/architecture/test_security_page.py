"""What `docs/security.md` names exists: tests, settings, and all ten of OWASP's."""

import ast
import re
from dataclasses import fields
from pathlib import Path

from api.__main__ import main
from api.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
# https://owasp.org/API-Security/editions/2023/en/0x11-t10/
RISKS = {
    "API1": "Broken Object Level Authorization",
    "API2": "Broken Authentication",
    "API3": "Broken Object Property Level Authorization",
    "API4": "Unrestricted Resource Consumption",
    "API5": "Broken Function Level Authorization",
    "API6": "Unrestricted Access to Sensitive Business Flows",
    "API7": "Server Side Request Forgery",
    "API8": "Security Misconfiguration",
    "API9": "Improper Inventory Management",
    "API10": "Unsafe Consumption of APIs",
}


def test_every_test_that_is_named_exists():
    named = TEST.findall(PAGE)
    assert len(named) > 20
    missing = [(file, name) for file, name in named if name not in names_in(file)]
    assert missing == []
    # No name is written in another way, which nobody would check.
    assert PAGE.count("test_") == sum(
        f"{file}{name}".count("test_") for file, name in named
    )


def names_in(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_setting_that_is_named_exists():
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", PAGE))
    known = {PREFIX + each.name.upper() for each in fields(Settings)}
    assert {"WAYMARK_AUTH", "WAYMARK_TRUSTED_PROXIES"} <= named <= known


def test_all_ten_risks_are_in_the_table_each_with_what_shows_it():
    rows = re.findall(r"^\| (API\d+) ([^|]+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [(number, risk) for number, risk, _ in rows] == list(RISKS.items())
    assert all(TEST.search(shown) for *_, shown in rows)


def test_every_command_of_the_page_is_one_that_there_is():
    for path in re.findall(r"-m api ([a-z-]+(?: (?:create|list|revoke))?)", PAGE):
        command = main
        for name in path.split():
            command = command.commands[name]


def test_the_page_is_not_too_long_to_be_read():
    assert PAGE.count("\n") <= 160
