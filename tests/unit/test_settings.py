"""Settings from the environment and `.env`, every fault at once."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from api.settings import Settings, SettingsFault, read_settings

NAMES = [
    f"WAYMARK_{name.upper()}" for name in (*Settings.__dataclass_fields__, "nonsense")
]


@pytest.fixture
def environ(monkeypatch, tmp_path):
    """An environment without our settings, which are put back at the end."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        # What .env brings in is taken out again only if it was known before.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def give(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"WAYMARK_{name}", value)
        return read_settings()

    return give


def faults(environ, **values):
    with pytest.raises(SettingsFault) as caught:
        environ(**values)
    return str(caught.value)


def test_without_any_the_defaults_hold(environ):
    assert environ() == Settings(workers=os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("BIND", "127.0.0.1:9000", "127.0.0.1:9000", id="bind"),
        pytest.param("BIND", "localhost:0", "localhost:0", id="bind by name"),
        pytest.param("BIND", "[::1]:8000", "[::1]:8000", id="bind to IPv6"),
        pytest.param("BIND", "127.9.9.9:1", "127.9.9.9:1", id="all of 127/8"),
        pytest.param("DATABASE_URL", "sqlite:////a/b.db", "sqlite:////a/b.db", id="db"),
        pytest.param("WORKERS", "3", 3, id="workers"),
        pytest.param("BACKLOG", "1", 1, id="backlog"),
        pytest.param("KEEP_ALIVE", "0", 0, id="keep alive"),
        pytest.param("GRACEFUL_TIMEOUT", "5", 5, id="graceful timeout"),
        pytest.param("LOG_LEVEL", "DEBUG", "DEBUG", id="log level"),
        pytest.param("ACCESS_LOG", "no", False, id="access log"),
        pytest.param("REQUIRE_IF_MATCH", "on", True, id="If-Match"),
        pytest.param("BIND", "unix:/run/a.sock", "unix:/run/a.sock", id="local socket"),
        pytest.param("AUTH", "token", "token", id="mode"),
        pytest.param("DATABASE_TIMEOUT", "5", 5, id="database timeout"),
        pytest.param("DATABASE_CONNECTIONS", "5", 5, id="database connections"),
        pytest.param("STANDBY_URL", "", "", id="no standby"),
        pytest.param("PUBLIC_READS", "on", True, id="public reads"),
        pytest.param(
            "ALLOWED_HOSTS", "A.example, [::1]", ("a.example", "[::1]"), id="hosts"
        ),
        pytest.param(
            "CORS_ORIGINS", "https://A.example", ("https://a.example",), id="origins"
        ),
        pytest.param("RATE_LIMIT", "9/second;99/hour", "9/second;99/hour", id="rate"),
        pytest.param("RATE_LIMIT", "", "", id="no rate"),
        pytest.param(
            "RATE_LIMIT_STORAGE", "redis://h:1", "redis://h:1", id="rate storage"
        ),
        pytest.param("JWT_JWKS", "https://a.example", "https://a.example", id="jwks"),
        pytest.param("JWT_ISSUER", "https://a.example", "https://a.example", id="iss"),
        pytest.param("JWT_AUDIENCE", "shop", "shop", id="aud"),
        pytest.param("JWT_TYPE", "JWT", "JWT", id="typ"),
        pytest.param("JWT_ROLE_CLAIM", "r", "r", id="role claim"),
        pytest.param("JWT_CUSTOMER_CLAIM", "c", "c", id="customer claim"),
        pytest.param("AUDIT_LOG", "off", False, id="audit log"),
        pytest.param("PAGE_CACHE", "0", 0, id="page cache"),
    ],
)
def test_each_setting_is_read(environ, name, text, value):
    assert getattr(environ(**{name: text}), name.lower()) == value


def test_proxies_are_networks(environ):
    found = environ(TRUSTED_PROXIES="10.0.0.1, 10.1.0.0/16,::1").trusted_proxies
    assert [str(each) for each in found] == ["10.0.0.1/32", "10.1.0.0/16", "::1/128"]


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES"])
def test_an_empty_list_is_none(environ, name):
    assert environ(**{name: ""}).trusted_proxies == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("BIND", "8000", id="port alone"),
        pytest.param("BIND", "127.0.0.1", id="address alone"),
        pytest.param("BIND", "127.0.0.1:http", id="port by name"),
        pytest.param("BIND", "127.0.0.1:65536", id="port too large"),
        pytest.param("BIND", "127.0.0.1:²", id="port no decimal number"),
        pytest.param("BIND", "example.org:80", id="name"),
        pytest.param("BIND", "0.0.0.0:8000", id="every address"),
        pytest.param("BIND", "[::]:8000", id="every address of IPv6"),
        pytest.param("BIND", "192.168.0.1:8000", id="another address"),
        pytest.param("BIND", "unix:", id="no path"),
        pytest.param("DATABASE_URL", "mysql://x/y", id="another database"),
        pytest.param("DATABASE_URL", "postgresql:///", id="no host"),
        pytest.param("DATABASE_URL", "sqlite:///:memory:", id="memory"),
        pytest.param("STANDBY_URL", "sqlite:///shop.db", id="a file as standby"),
        pytest.param("STANDBY_URL", "postgresql:///", id="a standby without host"),
        pytest.param("STANDBY_URL", "postgresql://h/d", id="a standby of a file"),
        pytest.param("DATABASE_TIMEOUT", "0", id="no time for the database"),
        pytest.param("DATABASE_CONNECTIONS", "4", id="too few connections"),
        pytest.param("DATABASE_URL", "sqlite:///", id="no file"),
        pytest.param("WORKERS", "0", id="no workers"),
        pytest.param("WORKERS", "two", id="no number"),
        pytest.param("BACKLOG", "0", id="no backlog"),
        pytest.param("AUTH", "basic", id="a mode that is not there"),
        pytest.param("ALLOWED_HOSTS", "a.example:80", id="host with a port"),
        pytest.param("ALLOWED_HOSTS", "a b", id="no host"),
        pytest.param("CORS_ORIGINS", "a.example", id="no scheme"),
        pytest.param("CORS_ORIGINS", "https://a.example/", id="origin with a path"),
        pytest.param("CORS_ORIGINS", "*", id="every origin"),
        pytest.param("RATE_LIMIT", "often", id="no rate"),
        pytest.param("RATE_LIMIT", "0/minute", id="nothing at all"),
        pytest.param("RATE_LIMIT_STORAGE", "redis://h:x", id="no port"),
        pytest.param("RATE_LIMIT_STORAGE", "file:///x", id="no such storage"),
        pytest.param("JWT_JWKS", "/nowhere/jwks.json", id="no file of keys"),
        pytest.param("KEEP_ALIVE", "-1", id="less than nothing"),
        pytest.param("GRACEFUL_TIMEOUT", "0", id="no time"),
        pytest.param("LOG_LEVEL", "LOUD", id="unknown level"),
        pytest.param("ACCESS_LOG", "perhaps", id="no truth"),
        pytest.param("REQUIRE_IF_MATCH", "2", id="no truth either"),
        pytest.param("TRUSTED_PROXIES", "everyone", id="no network"),
        pytest.param("TRUSTED_PROXIES", "10.0.0.1/8", id="host bits set"),
    ],
)
def test_a_wrong_setting_is_named(environ, name, text):
    assert f"WAYMARK_{name}" in faults(environ, **{name: text})


def test_all_faults_are_told_at_once_in_a_line_each(environ):
    wrong = {"BIND": "x", "WORKERS": "0", "LOG_LEVEL": "?", "TRUSTED_PROXIES": "y"}
    lines = faults(environ, **wrong).splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(
        f"WAYMARK_{name}" for name in wrong
    )


def test_who_binds_to_the_world_is_told_which_setting_to_set(environ):
    told = faults(environ, BIND="0.0.0.0:8000")
    assert "set WAYMARK_AUTH" in told
    assert len(told.splitlines()) == 1


def test_who_asks_callers_for_tokens_may_bind_to_the_world(environ):
    assert environ(BIND="0.0.0.0:8000", AUTH="token").bind == "0.0.0.0:8000"


def test_what_jwt_needs_is_told_all_at_once(environ):
    told = faults(environ, AUTH="jwt", WORKERS="0")
    names = {line.partition(":")[0] for line in told.splitlines()}
    needed = {"WAYMARK_JWT_JWKS", "WAYMARK_JWT_ISSUER", "WAYMARK_JWT_AUDIENCE"}
    assert names == needed | {"WAYMARK_WORKERS"}


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, {"localhost", "127.0.0.1", "[::1]"}),
        ({"BIND": "127.0.0.2:1"}, {"localhost", "127.0.0.1", "[::1]", "127.0.0.2"}),
        ({"ALLOWED_HOSTS": "a.example"}, {"a.example"}),
        ({"AUTH": "token"}, set()),
        ({"AUTH": "token", "ALLOWED_HOSTS": "a.example"}, {"a.example"}),
    ],
)
def test_which_hosts_are_answered(environ, given, hosts):
    assert environ(**given).hosts == hosts


def test_passwords_are_not_shown():
    shown = dict(Settings(rate_limit_storage="redis://me:secret@h:1/2").shown())
    assert shown["WAYMARK_RATE_LIMIT_STORAGE"] == "redis://me:***@h:1/2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:ge/heim@h/d", "postgresql+psycopg://u:***@h/d"),
        ("postgresql+psycopg://u:ge@heim@h/d", "postgresql+psycopg://u:***@h/d"),
        (
            "postgresql+psycopg:///d?host=h&sslpassword=geheim&user=u",
            "postgresql+psycopg:///d?host=h&sslpassword=***&user=u",
        ),
        (
            "postgresql+psycopg:///d?pass%77ord=x",
            "postgresql+psycopg:///d?pass%77ord=***",
        ),
        (
            "postgresql+psycopg://h:5432/d?user=u",
            "postgresql+psycopg://h:5432/d?user=u",
        ),
    ],
)
def test_no_password_of_a_url_is_shown(url, shown):
    assert dict(Settings(database_url=url).shown())["WAYMARK_DATABASE_URL"] == shown


def test_every_setting_is_documented():
    """The page lists each setting with its default and what it is for."""
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    told = dict(Settings().shown())
    assert rows == [
        f"| `{name}` | {f'`{value}`' if value else ''} | {each.metadata['told']} |"
        for (name, value), each in zip(told.items(), fields(Settings), strict=True)
    ]


def test_a_file_gives_what_the_environment_does_not(environ, tmp_path):
    (tmp_path / ".env").write_text("WAYMARK_WORKERS=3\nWAYMARK_BACKLOG=7\n")
    found = environ(WORKERS="2")
    assert (found.workers, found.backlog) == (2, 7)


def test_a_fault_in_the_file_is_told_too(environ, tmp_path):
    (tmp_path / ".env").write_text("WAYMARK_WORKERS=none\n")
    assert "WAYMARK_WORKERS" in faults(environ)


def test_a_file_above_the_working_directory_does_not_count(
    environ, tmp_path, monkeypatch
):
    (tmp_path / ".env").write_text("WAYMARK_BACKLOG=7\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert environ().backlog == Settings().backlog


def test_standbys_have_a_url_beside_that_of_the_primary(environ):
    urls = [f"postgresql+psycopg://u@/d?host={host}" for host in "ab"]
    found = environ(DATABASE_URL=urls[0], STANDBY_URL=urls[1])
    assert [found.database_url, found.standby_url] == urls
