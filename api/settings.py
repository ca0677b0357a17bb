"""The settings of the service: read once from the environment, every fault at once.

A `.env` file in the working directory may hold them too; the environment wins. Each
setting is one field of `Settings`: its name in lower case, its default, how it is read
and checked, and what it is for, which `docs/settings.md` and `check` show.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import limits
from environs import Env, EnvValidationError
from marshmallow import ValidationError

from api.masking import masked
from api.roles import Role

VAR = Path("var")
PREFIX = "WAYMARK_"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
_LOCAL_SOCKET = "unix:"
_POSTGRESQL = ("postgresql", "postgresql+psycopg")
_DATABASES = "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


class SettingsFault(Exception):
    """At least one setting is wrong; the message names each of them in a line."""


def _setting(
    default: object,
    read: str,
    told: str,
    check: Callable[[Any], None] | None = None,
    make: Callable[[Any], Any] | None = None,
) -> Any:
    """A field: `read` names what environs reads, `make` is applied to what it read."""
    metadata = {"read": read, "told": told, "check": check, "make": make}
    return field(default=default, metadata=metadata)


def _at_least(low: int) -> Callable[[int], None]:
    def check(value: int) -> None:
        if value < low:
            raise ValidationError(f"{value} is less than {low}")

    return check


def _one_of(*names: str) -> Callable[[str], None]:
    def check(name: str) -> None:
        if name not in names:
            listed = f"{', '.join(names[:-1])} or {names[-1]}"
            raise ValidationError(f"{name!r} is not {listed}")

    return check


def _address(bind: str) -> None:
    if bind.startswith(_LOCAL_SOCKET) and bind != _LOCAL_SOCKET:
        return
    host, _, port = bind.rpartition(":")
    if not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65535:  # noqa: PLR2004 - TCP's ports
        raise ValidationError(f"{bind!r} is not HOST:PORT or unix:PATH")
    if host == "localhost":
        return
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError as ex:
        raise ValidationError(f"{host!r} is neither an address nor localhost") from ex


def _database(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in _POSTGRESQL and (parts.netloc or parts.query):
        return
    if url.removeprefix("sqlite:///") in {url, "", ":memory:"}:
        raise ValidationError(f"{url!r} is not {_DATABASES}")


def _standby(url: str) -> None:
    if urlsplit(url).scheme not in _POSTGRESQL:
        raise ValidationError(f"{url!r} is not postgresql+psycopg://USER@HOST/NAME")
    _database(url)


def _networks(texts: list[str]) -> None:
    for text in texts:
        try:
            ip_network(text.strip())
        except ValueError as ex:
            raise ValidationError(str(ex)) from ex


def _hosts(names: list[str]) -> None:
    for name in names:
        if not _HOST.fullmatch(name.strip()):
            raise ValidationError(f"{name!r} is no host name (without a port)")


def _origins(origins: list[str]) -> None:
    for origin in origins:
        parts = urlsplit(origin.strip())
        is_web = parts.scheme in {"http", "https"} and parts.netloc
        if not is_web or parts.geturl() != f"{parts.scheme}://{parts.netloc}":
            raise ValidationError(f"{origin!r} is no origin, such as https://a.example")


def _rates(text: str) -> None:
    try:
        amounts = [each.amount for each in limits.parse_many(text)]
    except ValueError:
        amounts = [0]
    if min(amounts) < 1:
        raise ValidationError(f"{text!r} is no rate, such as 100/minute")


def _rate_storage(url: str) -> None:
    parts = urlsplit(url)
    try:
        is_right = parts.port is None or parts.port > 0
    except ValueError:
        is_right = False
    if not is_right or parts.scheme not in {"memory", "redis", "rediss", "valkey"}:
        raise ValidationError(f"{url!r} is not memory:// or redis://HOST:PORT")


def _jwks(place: str) -> None:
    scheme = urlsplit(place).scheme
    if scheme not in {"http", "https"} and not Path(place).is_file():
        raise ValidationError(f"{place!r} is neither a file nor an http(s) URL")


def _each(make: Callable[[str], Any]) -> Callable[[list[str] | None], Any]:
    return lambda texts: tuple(make(each.strip()) for each in texts or [])


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked."""

    bind: str = _setting(
        "127.0.0.1:8000", "str", "Where it listens: HOST:PORT or unix:PATH.", _address
    )
    database_url: str = _setting(
        f"sqlite:///{VAR}/waymark.db", "str", f"The database: {_DATABASES}.", _database
    )
    standby_url: str = _setting(
        "",
        "str",
        "Where standbys of a PostgreSQL are read from; only the database, if not set.",
        _standby,
    )
    database_timeout: int = _setting(
        15, "int", "For how many seconds PostgreSQL may keep one waiting.", _at_least(1)
    )
    database_connections: int = _setting(
        18, "int", "How many connections to it each process may open.", _at_least(5)
    )
    workers: int = _setting(
        1, "int", "How many processes serve; the cores, if not set.", _at_least(1)
    )
    auth: str = _setting(
        "open",
        "str",
        "Who may ask: open (whoever reaches loopback), token, or jwt.",
        _one_of("open", "token", "jwt"),
    )
    public_reads: bool = _setting(
        False,
        "bool",
        "Whether books, reviews, products, descriptions can be read without a token.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "list",
        "The names in Host that are answered; in open mode, if not set, loopback's.",
        _hosts,
        _each(str.lower),
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (),
        "list",
        "The networks of proxies whose X-Forwarded-Prefix and -For are believed.",
        _networks,
        _each(ip_network),
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        "list",
        "The origins whose pages may read and write here (CORS).",
        _origins,
        _each(str.lower),
    )
    rate_limit: str = _setting(
        "",
        "str",
        "How often each caller may ask, such as 100/minute;5000/day; as often as it "
        "likes, if not set.",
        _rates,
    )
    rate_limit_storage: str = _setting(
        "memory://",
        "str",
        "Where requests are counted: memory:// (each process its share), or "
        "redis://HOST:PORT (Redis or Valkey, all processes and nodes together).",
        _rate_storage,
    )
    jwt_jwks: str = _setting(
        "", "str", "The keys of who issues JWTs: a JWKS file, or its URL.", _jwks
    )
    jwt_issuer: str = _setting("", "str", "Who must have issued a JWT (iss).")
    jwt_audience: str = _setting("", "str", "For whom a JWT must be (aud).")
    jwt_type: str = _setting(
        "at+jwt", "str", "What a JWT must be called (typ, RFC 9068)."
    )
    jwt_role_claim: str = _setting(
        "role", "str", "The claim that names the role of a JWT's bearer."
    )
    jwt_customer_claim: str = _setting(
        "customer",
        "str",
        "The claim with the id of the one customer that a JWT's bearer may see.",
    )
    backlog: int = _setting(
        2048, "int", "How many connections may wait to be taken.", _at_least(1)
    )
    keep_alive: int = _setting(
        30, "int", "For how many seconds an idle connection is kept.", _at_least(0)
    )
    graceful_timeout: int = _setting(
        30, "int", "How many seconds requests have to end at a stop.", _at_least(1)
    )
    log_level: str = _setting(
        "INFO",
        "str",
        "How much is logged.",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    )
    access_log: bool = _setting(
        True,
        "bool",
        "Whether each request is logged.",
    )
    audit_log: bool = _setting(
        True,
        "bool",
        "Whether each write is logged: who, what.",
    )
    server_timing: bool = _setting(
        False, "bool", "Whether each answer tells how long it took (Server-Timing)."
    )
    metrics: bool = _setting(True, "bool", "Whether requests are counted (/metrics).")
    metrics_bind: str = _setting(
        "",
        "str",
        "HOST:PORT where /metrics answers instead, without tokens.",
        _address,
    )
    tracing: bool = _setting(
        False, "bool", "Whether requests make OpenTelemetry spans; needs its SDK."
    )
    drain_seconds: int = _setting(
        0,
        "int",
        "For how long a server that is to stop goes on, while /health/ready fails.",
        _at_least(0),
    )
    require_if_match: bool = _setting(
        False,
        "bool",
        "Whether every change must be conditional (428).",
    )
    page_cache: int = _setting(
        256, "int", "How many pages each process keeps, 0 for none.", _at_least(0)
    )

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who it is."""
        return self.auth == "open"

    @property
    def nobody(self) -> Role | None:
        """The role of who shows no token; None where nobody is asked for one."""
        if self.is_open:
            return None
        return Role.VISITOR if self.public_reads else Role.STRANGER

    @property
    def hosts(self) -> frozenset[str]:
        """The names in Host that are answered; all of them if there are none."""
        if self.allowed_hosts or not self.is_open:
            return frozenset(self.allowed_hosts)
        host = self.bind.rpartition(":")[0].lower()
        return frozenset({"localhost", "127.0.0.1", "[::1]", host})

    def shown(self) -> Iterator[tuple[str, str]]:
        """Each setting by its name in the environment, without passwords."""
        for each in fields(self):
            value = getattr(self, each.name)
            text = (
                ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            )
            yield PREFIX + each.name.upper(), masked(text)


def read_settings() -> Settings:
    """The settings that the environment and `.env` give.

    Raises:
        SettingsFault: at least one of them is wrong; names them all.
    """
    env = Env(eager=False, prefix=PREFIX)
    env.read_env(str(Path.cwd() / ".env"), recurse=False)
    found = {each.name: _read(env, each) for each in fields(Settings)}
    faults: dict[str, list[str]] = {}
    try:
        env.seal()
    except EnvValidationError as ex:
        told: Any = ex.error_messages
        faults = dict(told)
    for name, text in _contradictions(found):
        faults.setdefault(name, [text])
    if faults:
        raise SettingsFault(_told(faults))
    for each in fields(Settings):
        if each.metadata["make"]:
            found[each.name] = each.metadata["make"](found[each.name])
    return Settings(**found)


def _read(env: Env, setting: Any) -> Any:
    default = setting.default
    if setting.name == "workers":
        default = os.cpu_count() or 1
    read, check = getattr(env, setting.metadata["read"]), setting.metadata["check"]
    name = setting.name.upper()
    if setting.metadata["read"] == "str" and not default:
        # What is empty is not set.
        return read(name, default, validate=lambda text: text and check and check(text))
    if setting.metadata["read"] == "list":
        default = list(default)
    return read(name, default, validate=check)


def _contradictions(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with settings that are right each by itself."""
    bind, auth = found["bind"], found["auth"]
    if auth == "open" and bind is not None and not is_local(bind):
        yield f"{PREFIX}BIND", not_local(bind)
    database = found["database_url"] or ""
    if found["standby_url"] and urlsplit(database).scheme not in _POSTGRESQL:
        yield f"{PREFIX}STANDBY_URL", f"{PREFIX}DATABASE_URL is no PostgreSQL"
    if auth == "jwt":
        for name in (name for name in found if name.startswith("jwt_")):
            if not found[name]:
                yield PREFIX + name.upper(), f"{PREFIX}AUTH is jwt, so it must be set"


def is_local(bind: str) -> bool:
    """Whether only this machine reaches the address, of which the form is right."""
    host = bind.rpartition(":")[0].strip("[]")
    if bind.startswith(_LOCAL_SOCKET) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def not_local(bind: str) -> str:
    """What is said of an address beyond loopback where nobody is asked who it is."""
    return (
        f"{bind} is not on loopback, and with {PREFIX}AUTH=open nobody is asked who "
        f"they are; set {PREFIX}AUTH to token or jwt, or bind to 127.0.0.1:PORT"
    )


def _told(faults: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{name}: {masked('; '.join(map(str, texts)))}"
        for name, texts in faults.items()
    )
