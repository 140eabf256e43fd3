"""Where webhooks may be sent: URLs as they are given, addresses as they are resolved."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from chalicelib.web import destinations
from chalicelib.web.errors import BadRequestError

PRIVATE = destinations.networks(("10.1.0.0/16", "127.0.0.0/8", "fd12::/16"))


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example/a?b=c", "hooks.example", 443, "/a?b=c", "hooks.example"),
        ("https://HOOKS.Example", "hooks.example", 443, "/", "hooks.example"),
        ("https://hooks.example:8443/", "hooks.example", 8443, "/", "hooks.example:8443"),
        ("https://93.184.216.34/x", "93.184.216.34", 443, "/x", "93.184.216.34"),
        ("https://[2606:2800:220:1::1]:8443/x", "2606:2800:220:1::1", 8443, "/x", "[2606:2800:220:1::1]:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
    ],
)
def test_a_public_https_url_is_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    found = destinations.checked(url, "Url")

    assert (found.host, found.port, found.target, found.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "//hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://hooks.example/",
        "https://",
        "https:///path",
        "https://me@hooks.example/",
        "https://me:secret@hooks.example/",
        "https://@hooks.example/",
        "https://hooks.example:444/",
        "https://hooks.example:22/",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:port/",
        "https://hooks.example/#fragment",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX-Evil: 1",
        "https://hooks.example\\@evil.example/",
        "https://bücher.example/",
        "https://hooks..example/",
        "https://-hooks.example/",
        "https://hooks.example./",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://224.0.1.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:53aa:64c:0:fbff:fe00:1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://[v1.x]/",
        "https://[::1/",
    ],
)
def test_other_urls_are_refused_naming_the_field(url: str) -> None:
    with pytest.raises(BadRequestError, match=r"^Webhook\.Url: "):
        destinations.checked(url, "Webhook.Url")


def test_a_url_has_at_most_2048_characters() -> None:
    base = "https://hooks.example/"

    assert destinations.checked(base + "a" * (2048 - len(base)), "Url")
    with pytest.raises(BadRequestError, match="2049 characters"):
        destinations.checked(base + "a" * (2049 - len(base)), "Url")


@pytest.mark.parametrize(
    "url",
    ["http://10.1.2.3:8080/", "https://10.1.2.3:9000/", "http://localhost:5000/", "http://[::ffff:10.1.2.3]:80/"],
)
def test_an_allowed_network_may_be_reached_by_http_and_on_any_port(url: str) -> None:
    assert destinations.checked(url, "Url", PRIVATE)


@pytest.mark.parametrize(
    ("address", "scheme", "port"),
    [
        ("10.2.0.1", "https", 443),
        ("93.184.216.34", "http", 80),
        ("93.184.216.34", "https", 9000),
        ("fd13::1", "https", 443),
    ],
)
def test_what_lies_outside_of_the_allowed_networks_keeps_to_the_public_rules(
    address: str, scheme: str, port: int
) -> None:
    destination = destinations.Destination(scheme, "hooks.example", port, "/")

    assert destinations.refusal(destination, ip_address(address), PRIVATE)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::"])
def test_metadata_link_local_and_multicast_are_never_reached_whatever_is_allowed(address: str) -> None:
    everything = destinations.networks(("0.0.0.0/0", "::/0"))

    assert destinations.refusal(destinations.Destination("https", "a.b", 443, "/"), ip_address(address), everything)


def test_a_network_that_is_none_is_an_error_of_the_stack() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        destinations.networks(("10.0.0.0.0/8",))
