"""The settings of the service: read once from the environment, every fault at once.

A `.env` file in the working directory may hold them too; the environment wins.
"""

import ipaddress
import os
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError
from marshmallow import ValidationError

VAR = Path("var")
_PREFIX = "WAYMARK_"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsFault(Exception):
    """At least one setting is wrong; the message names each of them in a line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked.

    `keep_alive` and `graceful_timeout` are seconds; `workers` counts processes.
    `page_cache` is the number of pages that each of them keeps, 0 for none.
    """

    bind: str = "127.0.0.1:8000"
    database_url: str = f"sqlite:///{VAR}/waymark.db"
    workers: int = 1
    auth: str = "open"
    backlog: int = 2048
    keep_alive: int = 30
    graceful_timeout: int = 30
    log_level: str = "INFO"
    access_log: bool = True
    require_if_match: bool = False
    page_cache: int = 256
    trusted_proxies: tuple[Network, ...] = ()


def _at_least(low: int) -> Callable[[int], None]:
    def check(value: int) -> None:
        if value < low:
            raise ValidationError(f"{value} is less than {low}")

    return check


def _loopback(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65535:  # noqa: PLR2004 - TCP's ports
        raise ValidationError(f"{bind!r} is not HOST:PORT")
    if host == "localhost":
        return
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError as ex:
        raise ValidationError(f"{host!r} is neither an address nor localhost") from ex
    if not address.is_loopback:
        raise ValidationError(
            f"{bind} is not on loopback, and this server asks nobody who they are; "
            "set WAYMARK_BIND to 127.0.0.1:PORT"
        )


def _open(mode: str) -> None:
    if mode != "open":
        raise ValidationError(f"{mode!r} is not 'open', which is all there is yet")


def _sqlite(url: str) -> None:
    if url.removeprefix("sqlite:///") in {url, "", ":memory:"}:
        raise ValidationError(f"{url!r} is not sqlite:///FILE")


def _level(name: str) -> None:
    if name not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValidationError(f"{name!r} is not DEBUG, INFO, WARNING or ERROR")


def _networks(texts: list[str]) -> None:
    for text in texts:
        try:
            ip_network(text.strip())
        except ValueError as ex:
            raise ValidationError(str(ex)) from ex


def read_settings() -> Settings:
    """The settings that the environment and `.env` give.

    Raises:
        SettingsFault: at least one of them is wrong; names them all.
    """
    env = Env(eager=False, prefix=_PREFIX)
    env.read_env(str(Path.cwd() / ".env"), recurse=False)
    default = Settings(workers=os.cpu_count() or 1)
    found: dict[str, Any] = {
        "bind": env.str("BIND", default.bind, validate=_loopback),
        "database_url": env.str("DATABASE_URL", default.database_url, validate=_sqlite),
        "workers": env.int("WORKERS", default.workers, validate=_at_least(1)),
        "auth": env.str("AUTH", default.auth, validate=_open),
        "backlog": env.int("BACKLOG", default.backlog, validate=_at_least(1)),
        "keep_alive": env.int("KEEP_ALIVE", default.keep_alive, validate=_at_least(0)),
        "graceful_timeout": env.int(
            "GRACEFUL_TIMEOUT", default.graceful_timeout, validate=_at_least(1)
        ),
        "log_level": env.str("LOG_LEVEL", default.log_level, validate=_level),
        "access_log": env.bool("ACCESS_LOG", default.access_log),
        "page_cache": env.int("PAGE_CACHE", default.page_cache, validate=_at_least(0)),
        "require_if_match": env.bool("REQUIRE_IF_MATCH", default.require_if_match),
    }
    proxies: list[str] | None = env.list("TRUSTED_PROXIES", [], validate=_networks)
    try:
        env.seal()
    except EnvValidationError as ex:
        raise SettingsFault(_told(ex.error_messages)) from ex
    return Settings(
        **found,
        trusted_proxies=tuple(ip_network(each.strip()) for each in proxies or []),
    )


def _told(faults: Any) -> str:
    return "\n".join(
        f"{name}: {'; '.join(map(str, texts))}" for name, texts in faults.items()
    )
