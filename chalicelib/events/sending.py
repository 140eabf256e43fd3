"""One POST to a URL that a user gave: to an address that was judged, over TLS for the URL's host, without redirects.

The host is resolved here, every address is judged, and the connection goes to one of exactly those; nobody resolves
again in between.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from chalicelib.aws.settings import settings
from chalicelib.web import destinations
from chalicelib.web.destinations import Address, Destination
from chalicelib.web.errors import BadRequestError

if TYPE_CHECKING:
    import ssl

    from urllib3 import HTTPConnectionPool

CONNECT_SECONDS = 5
READ_SECONDS = 10


@dataclass(frozen=True)
class Result:
    """What came of it: the status answered, or why there is none. Neither holds anything of the URL's path."""

    status: int | None
    reason: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it: any 2xx. A redirect is not followed."""
        return self.status is not None and 200 <= self.status < 300


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host; raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(entry[4][0]) for entry in found]


def trusted() -> ssl.SSLContext:
    """What certificates are checked against: those that the system trusts."""
    import ssl

    return ssl.create_default_context()


def post(url: str, body: str, headers: Mapping[str, str]) -> Result:
    """Send a JSON text. Whatever goes wrong outside of the engine is an answer, not an exception."""
    allowed = destinations.networks(settings().webhook_allowed_networks)
    try:
        destination = destinations.checked(url, "Url", allowed)
        addresses = [destination.literal] if destination.literal else resolve(destination.host, destination.port)
    except BadRequestError as error:
        return Result(None, str(error))
    except (OSError, UnicodeError):
        return Result(None, "its host can't be resolved")
    for address in addresses:
        if reason := destinations.refusal(destination, address, allowed):
            return Result(None, reason)
    if not addresses:
        return Result(None, "its host can't be resolved")
    # IPv4 first: a function outside of a VPC has no other way out
    return _sent(destination, min(addresses, key=lambda address: address.version), body, headers)


def _sent(destination: Destination, address: Address, body: str, headers: Mapping[str, str]) -> Result:
    from http.client import HTTPException

    from urllib3.exceptions import HTTPError

    whole = {
        "Host": destination.authority,
        "Content-Type": "application/json",
        "User-Agent": f"mediawright/{settings().framework_version}",
        **headers,
    }
    pool = _connection(destination, address)
    try:
        answer = pool.urlopen(
            "POST",
            destination.target,
            body=body.encode(),
            headers=whole,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        answer.close()
    except (HTTPError, HTTPException, OSError) as error:
        return Result(None, _reason(error))
    finally:
        pool.close()
    return Result(answer.status, None if 200 <= answer.status < 300 else f"it answered {answer.status}")


def _connection(destination: Destination, address: Address) -> HTTPConnectionPool:
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout

    options: dict[str, Any] = {"timeout": Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), "maxsize": 1}
    if destination.scheme == "http":
        return HTTPConnectionPool(str(address), destination.port, **options)
    return HTTPSConnectionPool(
        str(address), destination.port, server_hostname=destination.host, ssl_context=trusted(), **options
    )


def _reason(error: Exception) -> str:
    """In our own words, since the library's tell addresses and paths."""
    from urllib3 import exceptions

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.NewConnectionError, "it refuses connections"),
        (exceptions.ConnectTimeoutError, f"it couldn't be connected to within {CONNECT_SECONDS} s"),
        (exceptions.ReadTimeoutError, f"it didn't answer within {READ_SECONDS} s"),
        (exceptions.SSLError, "its certificate isn't valid for its host, or isn't trusted"),
    )
    return next((text for kind, text in kinds if isinstance(error, kind)), "the connection broke")
