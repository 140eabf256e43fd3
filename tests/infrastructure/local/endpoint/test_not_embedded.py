from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.endpoint import not_embedded
from infrastructure.local.endpoint.server import AwsServer

CALLS = [("translate", "list_terminologies"), ("transcribe", "list_language_models")]


@pytest.fixture(params=["in this process", "over HTTP"])
def make(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A maker of clients that can reach the embedded AWS."""
    not_embedded.install()
    once: Any = Config(retries={"max_attempts": 0})
    session: Any = boto3.Session("id", "secret", region_name="us-east-1")
    with mock_aws():
        server = AwsServer(0)
        server.start()
        url = server.url if request.param == "over HTTP" else None
        yield lambda service: session.client(service, endpoint_url=url, config=once)
        server.stop()


@pytest.mark.parametrize(("service", "call"), CALLS)
def test_what_is_not_embedded_says_so(make: Any, service: str, call: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(make(service), call)()

    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["Error"]["Code"] == "NotEmbedded"
    operation = "".join(word.capitalize() for word in call.split("_"))
    assert response["Error"]["Message"] == f"the embedded AWS has no {service}:{operation}"


def test_what_is_embedded_is_served(make: Any) -> None:
    assert make("transcribe").list_vocabularies()["Vocabularies"] == []
    assert make("sts").get_caller_identity()["Account"] == "123456789012"


def test_other_services_are_not_judged() -> None:
    assert not_embedded.missing("s3", "NoSuchCall") is None
    assert not_embedded.missing("", "") is None
