"""From where a request comes, past the proxies that are trusted."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from api.settings import Network

Address = IPv4Address | IPv6Address
_SITE_BITS = 64


def client_address(
    peer: str | None, forwarded: str | None, trusted: Sequence[Network]
) -> str:
    """The address that asked: the peer, or whom trusted proxies forwarded.

    `forwarded` is X-Forwarded-For. It is read from the right, where the proxies write,
    as far as there are trusted ones; what is no address ends it. An IPv4 address in
    IPv6 clothes is told as what it is. Empty if there is no peer (a Unix socket).
    """
    address = _address(peer or "")
    if address is None:
        return peer or ""
    hops = (forwarded or "").split(",")
    while hops and _is_within(address, trusted):
        hop = _address(hops.pop().strip(" \t"))
        if hop is None:
            break
        address = hop
    return str(address)


def is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether the peer is a proxy that is believed; over a Unix socket none is."""
    address = _address(peer or "")
    return address is not None and _is_within(address, trusted)


def site_of(address: str) -> str:
    """What an address counts as: an IPv6 one as its /64, all else as itself.

    Who has one IPv6 address has 2^64 of them (RFC 6177).
    """
    found = _address(address)
    if not isinstance(found, IPv6Address):
        return address
    return f"{IPv6Address(int(found) >> _SITE_BITS << _SITE_BITS)}/{_SITE_BITS}"


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
