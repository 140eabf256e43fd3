from __future__ import annotations

import pytest

from chalicelib.proxies import refusals


@pytest.mark.parametrize(
    ("service", "code", "text", "status", "expected"),
    [
        ("translate", "ResourceNotFoundException", "no such thing", 400, 404),
        ("transcribe", "NotFoundException", "no such thing", 400, 404),
        ("transcribe", "BadRequestException", "The requested vocabulary couldn't be found. Check", 400, 404),
        ("transcribe", "BadRequestException", "The file isn't one", 400, 400),
        ("translate", "BadRequestException", "it couldn't be found", 400, 400),
        ("translate", "InvalidParameterValueException", "no", 400, 400),
        ("translate", "InvalidRequestException", "no", 400, 400),
        ("translate", "LimitExceededException", "too many terminologies", 400, 400),
        ("transcribe", "LimitExceededException", "too many requests", 400, 503),
        ("translate", "TooManyRequestsException", "slow down", 400, 503),
        ("translate", "ThrottlingException", "slow down", 400, 503),
        ("translate", "ServiceUnavailableException", "later", 500, 503),
        ("translate", "ConflictException", "taken", 400, 409),
        ("translate", "ConcurrentModificationException", "busy", 400, 409),
        ("translate", "AccessDeniedException", "not authorized", 400, 403),
        ("translate", "InternalServerException", "oh", 500, 502),
        ("transcribe", "InternalFailureException", "oh", 500, 502),
        ("translate", "NotEmbedded", "the embedded AWS has no translate:GetTerminology", 501, 502),
        ("translate", "NeverHeardOf", "what", 400, 400),
    ],
)
def test_what_aws_refuses_gets_our_status_and_keeps_its_words(
    service: str, code: str, text: str, status: int, expected: int
) -> None:
    response = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}

    error = refusals.of(service, response)

    assert error.status == expected
    assert str(error) == f"{code}: {text}"
    assert ("Retry-After" in error.headers) == (expected == 503)


def test_a_refusal_without_any_words_is_a_bad_request() -> None:
    assert refusals.of("translate", {}).status == 400
