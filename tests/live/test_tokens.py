"""The operator's commands on tokens: what they print, and who is let in by it."""

import asyncio
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from liveserver import ask, command, url_of

from api.authentication.tokens import Tokens
from api.errors import InvalidToken
from api.roles import Caller, Role
from api.storage.engine import Storage

HEADS = ["ID", "BEGINNING", "USER", "ROLE", "CREATED", "EXPIRES", "LAST", "USED"]


def create(database, user="ada", role="editor", *more):
    ended = command(database, "token", "create", "--user", user, "--role", role, *more)
    assert ended.returncode == 0, ended.stderr
    return ended


def bearer(database, token):
    """Who shows the token, after the use of it was noted."""

    async def run(storage):
        caller = await Tokens(storage).caller_of(token)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        return caller

    with closing(Storage(url_of(database))) as storage:
        return asyncio.run(run(storage))


def test_what_is_printed_is_a_token_and_nothing_else(database):
    ended = create(database, "ada", "admin")
    assert ended.stdout.count("\n") == 1
    assert bearer(database, ended.stdout.strip()) == Caller(Role.ADMIN, "ada")
    assert "shown only this once" in ended.stderr
    assert "It never expires" in ended.stderr


def test_a_token_stands_nowhere_but_on_standard_output(database):
    ended = create(database)
    secret = ended.stdout.strip().removeprefix("waymark_")[4:]
    stored = [path.read_bytes() for path in database.parent.iterdir()]
    assert any(b"waymark_" in each for each in stored)
    assert not any(secret.encode() in each for each in stored)
    assert secret not in ended.stderr


def test_a_token_expires_when_its_time_is_over(database):
    ended = create(database, "ada", "reader", "--expires", "30d")
    ((created, expires),) = ask(database, "SELECT created, expires FROM tokens")
    lived = datetime.fromisoformat(expires) - datetime.fromisoformat(created)
    assert abs(lived - timedelta(days=30)) < timedelta(seconds=10)
    assert f"It expires at {expires[:19]}Z" in ended.stderr


def test_a_revoked_token_is_refused(database):
    token = create(database).stdout.strip()
    ended = command(database, "token", "revoke", "1")
    assert (ended.returncode, ended.stdout) == (0, "Token 1 is revoked.\n")
    with pytest.raises(InvalidToken):
        bearer(database, token)


def test_the_list_tells_of_each_token_what_is_known(database):
    token = create(database).stdout.strip()
    bearer(database, token)
    ended = command(database, "token", "list")
    ((created, used),) = ask(database, "SELECT created, used FROM tokens")
    told = [token[:12], "ada", "editor", f"{created[:19]}Z", "never", used, "valid"]
    assert [line.split() for line in ended.stdout.splitlines()] == [
        [*HEADS, "STATE"],
        ["1", *told],
    ]


def test_a_token_that_is_not_there_is_named(database):
    ended = command(database, "token", "revoke", "7")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: there is no token 7\n"


def test_no_token_is_made_for_a_database_that_was_not_migrated(tmp_path):
    arguments = ("create", "--user", "ada", "--role", "reader")
    ended = command(tmp_path / "shop.db", "token", *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "migrate" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
