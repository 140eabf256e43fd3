"""Requests to addresses that users gave: sent to real servers of this machine, or not sent at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from chalicelib.aws import settings
from chalicelib.events import sending
from chalicelib.events.sending import Result
from tests.chalicelib.events.certificates import Authority
from tests.chalicelib.events.receiver import Receiver, receiving

HOST = "hooks.example"


class Names:
    """A resolver that answers what a test says, and counts how often it is asked."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = [["127.0.0.1"]]
        self.asked: list[str] = []

    def resolve(self, host: str, _port: int) -> list[Any]:
        self.asked.append(host)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return [ip_address(text) for text in answer]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(sending, "resolve", made.resolve)
    return made


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A server on this machine, which the stack's owner allows."""
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    settings.settings.cache_clear()
    with receiving() as served:
        yield served


def test_the_body_and_the_headers_arrive_as_they_were_given(receiver: Receiver, names: Names) -> None:
    result = sending.post(receiver.url(HOST, "/a/b?c=d"), '{"é":1}', {"X-Mediawright-Event": "e-1"})

    assert (result, result.is_success) == (Result(200), True)
    [got] = receiver.got
    assert (got.path, got.body) == ("/a/b?c=d", '{"é":1}')
    assert got.headers["Host"] == f"{HOST}:{receiver.port}"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"] == "mediawright/0.0.0-test"
    assert got.headers["X-Mediawright-Event"] == "e-1"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_success(receiver: Receiver, names: Names, status: int) -> None:
    receiver.status = status

    assert sending.post(receiver.url(HOST), "{}", {}).is_success


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_anything_else_fails_and_no_redirect_is_followed(receiver: Receiver, names: Names, status: int) -> None:
    receiver.status = status
    receiver.headers = {"Location": receiver.url(path="/elsewhere")}

    assert sending.post(receiver.url(HOST), "{}", {}) == Result(status, f"it answered {status}")
    assert [got.path for got in receiver.got] == ["/hook"]


# -- addresses -------------------------------------------------------------------------------------------------


def test_without_an_allowed_network_this_machine_gets_nothing(names: Names) -> None:
    with receiving() as receiver:
        for url in (receiver.url(), f"https://{HOST}/", "https://127.0.0.1/", "https://localhost/"):
            assert sending.post(url, "{}", {}).status is None
        assert receiver.got == []


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "192.168.0.1", "::1", "::ffff:10.0.0.1", "fd00:ec2::254", "fe80::1"]
)
def test_a_public_name_that_points_inside_is_not_connected_to(
    names: Names, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names.answers = [[address]]
    monkeypatch.setattr(sending, "_sent", lambda *_: pytest.fail("it was connected to"))

    result = sending.post(f"https://{HOST}/", "{}", {})

    assert "its host stands for an address" in str(result.reason)
    assert address not in str(result.reason)


def test_one_address_inside_among_public_ones_is_enough_to_refuse(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.answers = [["93.184.216.34", "2606:2800:220:1::1", "10.0.0.1"]]
    monkeypatch.setattr(sending, "_sent", lambda *_: pytest.fail("it was connected to"))

    assert "isn't public" in str(sending.post(f"https://{HOST}/", "{}", {}).reason)


def test_a_name_that_is_pointed_elsewhere_after_the_check_changes_nothing(
    receiver: Receiver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the connection goes to the address that was judged, and nobody asks for the name again."""
    names.answers = [["127.0.0.1"], ["169.254.169.254"]]
    system = socket.getaddrinfo

    def literals_only(host: str, *arguments: Any, **options: Any) -> Any:
        ip_address(host)
        return system(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", literals_only)

    assert sending.post(receiver.url(HOST), "{}", {}).is_success
    assert names.asked == [HOST]
    # the next delivery asks anew, and refuses
    assert "nothing is ever sent to" in str(sending.post(receiver.url(HOST), "{}", {}).reason)
    assert len(receiver.got) == 1


def test_ipv4_is_preferred(receiver: Receiver, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8,::1/128")
    settings.settings.cache_clear()
    names.answers = [["::1", "127.0.0.1"]]

    assert sending.post(receiver.url(HOST), "{}", {}).is_success


def test_the_systems_resolver_is_asked_for_every_address() -> None:
    assert ip_address("127.0.0.1") in sending.resolve("localhost", 443)


@pytest.mark.parametrize("error", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_name_without_an_address_is_a_failure_of_the_delivery(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def resolve(_host: str, _port: int) -> list[Any]:
        raise error

    monkeypatch.setattr(sending, "resolve", resolve)

    assert sending.post(f"https://{HOST}/", "{}", {}) == Result(None, "its host can't be resolved")


# -- connections -----------------------------------------------------------------------------------------------


def test_a_closed_port_is_a_refused_connection(receiver: Receiver, names: Names) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    assert sending.post(f"http://{HOST}:{port}/", "{}", {}).reason == "it refuses connections"


def test_a_receiver_that_does_not_answer_is_left(
    receiver: Receiver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "READ_SECONDS", 0.1)
    receiver.silent = threading.Event()

    result = sending.post(receiver.url(HOST), "{}", {})
    receiver.silent.set()

    assert (result.status, result.reason) == (None, "it didn't answer within 0.1 s")


def test_what_answers_no_http_is_a_broken_connection(receiver: Receiver, names: Names) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"SSH-2.0-x\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        result = sending.post(f"http://{HOST}:{server.getsockname()[1]}/", "{}", {})
        thread.join()

    assert result.reason == "the connection broke"


# -- TLS -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    settings.settings.cache_clear()


def test_the_certificate_is_that_of_the_urls_host_and_the_server_is_told_the_name(
    allowed: None, names: Names, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "trusted", authority.trusted)
    told: list[str | None] = []
    context = authority.server(HOST)
    context.sni_callback = lambda _socket, name, _context: told.append(name)

    with receiving(context) as receiver:
        result = sending.post(receiver.url(HOST, scheme="https"), '{"a":1}', {})

    assert result == Result(200)
    assert [got.body for got in receiver.got] == ['{"a":1}']
    assert told == [HOST]


def test_a_certificate_for_another_host_is_refused(
    allowed: None, names: Names, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "trusted", authority.trusted)

    with receiving(authority.server("other.example")) as receiver:
        result = sending.post(receiver.url(HOST, scheme="https"), "{}", {})

    assert result == Result(None, "its certificate isn't valid for its host, or isn't trusted")
    assert receiver.got == []


def test_a_certificate_that_the_system_does_not_trust_is_refused(
    allowed: None, names: Names, authority: Authority
) -> None:
    with receiving(authority.server(HOST)) as receiver:
        result = sending.post(receiver.url(HOST, scheme="https"), "{}", {})

    assert result == Result(None, "its certificate isn't valid for its host, or isn't trusted")
    assert receiver.got == []
