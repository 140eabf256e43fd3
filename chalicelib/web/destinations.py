"""Where the engine may send requests of its own: rules for URLs that users give, and for the addresses behind them.

A URL is judged when it is given, and each address that its host resolves to when it is used: a name may be pointed
elsewhere in between. Public destinations are reached by https alone; networks that the stack's owner allows
(parameter `WebhookAllowedNetworks`) by http too and on any port.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from chalicelib.web.errors import BadRequestError, shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_CHARACTERS = 2048
PUBLIC_PORTS = (443, 8443)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_METADATA = IPv6Address("fd00:ec2::254")


@dataclass(frozen=True)
class Destination:
    """A URL that may be used. `host` is a name or an address; `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def literal(self) -> Address | None:
        """The address, when the URL names one in place of a name."""
        return _address(self.host)


@lru_cache(maxsize=8)
def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks out of their CIDR texts; raises ValueError for a text that is none."""
    return tuple(ip_network(text, strict=False) for text in texts)


def checked(url: str, field: str, allowed: Sequence[Network] = ()) -> Destination:
    """The destination of a URL; raises BadRequestError, naming the field, for one that is never sent to."""
    destination = _parsed(url, field)
    literal = destination.literal
    if literal is not None:
        reason = refusal(destination, literal, allowed)
    else:
        reason = None if allowed else _public_rules(destination) or _public_name(destination.host)
    if reason:
        raise BadRequestError(f"{field}: {reason}")
    return destination


def refusal(destination: Destination, address: Address, allowed: Sequence[Network]) -> str | None:
    """Why an address that a destination stands for is not sent to; None when it may be."""
    real = _real(address)
    if real is None or _is_never(real):
        return "its host stands for an address that nothing is ever sent to"
    if any(real in network for network in allowed):
        return None
    if not _is_public(real):
        return "its host stands for an address that isn't public"
    return _public_rules(destination)


def _parsed(url: str, field: str) -> Destination:
    if len(url) > MAX_CHARACTERS:
        raise BadRequestError(f"{field}: the URL has {len(url)} characters; it may have {MAX_CHARACTERS}")
    if not _CHARACTERS.fullmatch(url):
        raise BadRequestError(f"{field}: {shown(url)} has characters that don't belong into a URL, or a fragment")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadRequestError(f"{field}: {shown(url)} is not a URL") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadRequestError(f"{field}: an https URL is expected")
    if "@" in parts.netloc:
        raise BadRequestError(f"{field}: a URL with a user name or password isn't allowed")
    host = _host(parts, field)
    if port == 0:
        raise BadRequestError(f"{field}: there is no port 0")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], target)


def _host(parts: SplitResult, field: str) -> str:
    host = (parts.hostname or "").lower()
    if parts.netloc.startswith("[") or _address(host) is not None:
        address = _address(host)
        if address is None:
            raise BadRequestError(f"{field}: {shown(host)} is not an IP address")
        return str(address)
    *labels, top = host.split(".")
    # what ends in a number is another spelling of an address, which resolvers understand each in their own way
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)) or not _TOP_LABEL.fullmatch(top):
        raise BadRequestError(f"{field}: {shown(host)} is not the name of a host")
    return host


def _address(host: str) -> Address | None:
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None


def _public_rules(destination: Destination) -> str | None:
    if destination.scheme != "https":
        return "an https URL is expected"
    if destination.port not in PUBLIC_PORTS:
        return f"port {destination.port} isn't allowed; only {' and '.join(map(str, PUBLIC_PORTS))} are"
    return None


def _public_name(host: str) -> str | None:
    return None if "." in host else f"{shown(host)} is not the full name of a public host"


def _real(address: Address) -> Address | None:
    """The address that is reached in the end; None for a tunnel, whose end isn't seen."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None if address.sixtofour is not None or address.teredo is not None else address


def _is_never(address: Address) -> bool:
    """Instance metadata lies at such addresses: no network that is allowed may include them."""
    return address.is_link_local or address.is_multicast or address.is_unspecified or address == _METADATA


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_reserved
