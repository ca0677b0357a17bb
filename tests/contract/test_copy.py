"""A shop that is copied to another engine and back is the shop that it was."""

import re
import shutil
from itertools import pairwise

import pytest
from click.testing import CliRunner

from api.__main__ import main
from api.app import create_app
from api.documents import KINDS
from api.settings import Settings
from tests.client import Client
from tests.contract.test_crawl import crawl
from tests.shop import kind_named, make

_INSTANCE = re.compile(r"urn:uuid:[0-9a-f-]{36}")


@pytest.fixture
def urls(empty_database, postgresql, shared_database, tmp_path):
    postgresql.empty("shop")
    paths = [shutil.copy(empty_database, tmp_path / name) for name in ("a", "b")]
    return [f"sqlite:///{paths[0]}", shared_database, f"sqlite:///{paths[1]}"]


def a_client(url):
    quiet = {"access_log": False, "audit_log": False}
    return Client(create_app(Settings(database_url=url, **quiet)))


def copied(source, target):
    return CliRunner().invoke(main, ["copy", source, target])


def test_a_copy_answers_as_its_source_did_and_gives_no_id_twice(urls):
    shop = a_client(urls[0])
    for kind in KINDS:
        make(shop, kind)
    make(shop, kind_named("item"), key="crawled")
    made = shop.post("/items", {"key": "k", "value": [1.5]}, idempotency_key="once")
    gone = make(shop, kind_named("book")).headers["location"]
    shop.delete(gone)
    told = {path: shown(answer) for path, answer in crawl(shop).items()}
    for source, target in pairwise(urls):
        ended = copied(source, target)
        assert ended.exit_code == 0, ended.output
    for url in urls[1:]:
        copy = a_client(url)
        assert {path: shown(copy.get(path)) for path in told} == told
        again = copy.post(
            "/items", {"key": "k", "value": [1.5]}, idempotency_key="once"
        )
        assert (again.text, again.status_code) == (made.text, 201)
        assert make(copy, kind_named("book")).headers["location"] != gone
    assert "something in the target" in copied(urls[0], urls[1]).output


def shown(answer):
    return (
        answer.status_code,
        answer.headers.get("etag"),
        _INSTANCE.sub("", answer.text),
    )
