from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clients, functions, settings
from chalicelib.definitions import grants
from chalicelib.definitions.function_arns import parse
from chalicelib.web.errors import BadRequestError, UnavailableError

Function = Callable[[str], str]
FOREIGN = "arn:aws:lambda:us-east-1:999999999999:function:theirs"


def checked(arn: str) -> list[grants.Grant]:
    return grants.check({"StartLambdaArn": arn})


def configure(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.settings.cache_clear()


def test_a_function_without_our_tag_needs_it_once(function: Function) -> None:
    arn = function("f")

    (grant,) = grants.check({"StartLambdaArn": arn, "MonitorLambdaArn": arn})
    grant.give()

    assert clients.client("lambda").list_tags(Resource=arn)["Tags"] == {"mediawright": "test-stack"}
    assert checked(arn) == []


def test_the_tag_goes_to_the_function_and_not_to_its_version(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = function("f")
    monkeypatch.setattr(functions, "describe", lambda _: {"Configuration": {}, "Tags": {}})

    assert checked(f"{arn}:live") == checked(f"{arn}:$LATEST") == [grants.Grant(arn)]


def test_another_stacks_function_is_left_alone(function: Function) -> None:
    arn = function("f")
    functions.tag(arn, {"mediawright": "other"})

    with pytest.raises(
        BadRequestError, match=r"StartLambdaArn: .* carries the tag mediawright=other of another stack"
    ):
        checked(arn)


def test_granted_by_hand_an_untagged_function_is_refused_with_the_tag_to_set(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, OPERATOR_GRANTS="manual")
    arn = function("f")

    with pytest.raises(BadRequestError, match=f"StartLambdaArn: set the tag mediawright=test-stack on {arn} first"):
        checked(arn)
    functions.tag(arn, {"mediawright": "test-stack"})
    assert checked(arn) == []


def test_a_listed_function_needs_no_tag_but_must_exist(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = function("f")
    configure(monkeypatch, OPERATOR_FUNCTION_ARNS=f"{arn},{arn}-gone,{FOREIGN}")

    assert checked(arn) == checked(FOREIGN) == []
    with pytest.raises(BadRequestError, match="no such function"):
        checked(f"{arn}-gone")


def test_a_version_or_an_alias_is_listed_by_itself(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy on the function's ARN doesn't cover theirs; a tag does."""
    arn = function("f")
    configure(monkeypatch, OPERATOR_FUNCTION_ARNS=f"{arn},{FOREIGN},{FOREIGN}:7")

    assert checked(f"{FOREIGN}:7") == []
    with pytest.raises(BadRequestError, match="list this very ARN"):
        checked(f"{FOREIGN}:live")
    assert checked(f"{arn}:$LATEST") == [grants.Grant(arn)]


def test_a_function_of_the_engine_is_nobodys_operator(function: Function) -> None:
    arn = function("f")
    functions.tag(arn, {grants.TAG: grants.ENGINES_OWN})

    with pytest.raises(BadRequestError, match=f"StartLambdaArn: {arn} is a function of the engine itself"):
        checked(arn)


def refusing(code: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetFunction")

    return refuse


def test_a_function_that_lambda_hides_is_the_callers_to_mend(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"

    monkeypatch.setattr(functions, "describe", refusing("AccessDeniedException"))
    with pytest.raises(BadRequestError, match="refuses to describe the function \\(AccessDeniedException\\)"):
        checked(arn)
    monkeypatch.setattr(functions, "describe", refusing("TooManyRequestsException"))
    with pytest.raises(UnavailableError):
        checked(arn)


def test_a_function_that_may_not_be_tagged_is_the_callers_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    grant = grants.Grant("arn:aws:lambda:us-east-1:123456789012:function:f")

    monkeypatch.setattr(functions, "tag", refusing("AccessDeniedException"))
    with pytest.raises(BadRequestError, match="function:f can't be given the tag mediawright \\(AccessDenied"):
        grant.give()
    monkeypatch.setattr(functions, "tag", refusing("TooManyRequestsException"))
    with pytest.raises(UnavailableError):
        grant.give()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "f",
        "arn:aws:lambda:us-east-1:123456789012:function:",
        "arn:aws:lambda:us-east-1:123456789012:function:f\n",
        "arn:aws:lambda:us-east-1:12345:function:f",
        "arn:aws:lambda:us-east-1:123456789012:function:f:v:w",
        "arn:aws:lambda:us-east-1:123456789012:function:{% 1 %}",
        "arn:aws:states:us-east-1:123456789012:function:f",
    ],
)
def test_what_is_no_functions_arn_has_no_parts(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("qualifier", ["", ":7", ":live", ":$LATEST"])
def test_an_arn_has_its_parts_whatever_its_qualifier(qualifier: str) -> None:
    function = parse(f"arn:aws-cn:lambda:cn-north-1:123456789012:function:f{qualifier}")

    assert function is not None
    assert (function.partition, function.region, function.account) == ("aws-cn", "cn-north-1", "123456789012")
    assert function.unqualified.endswith(":function:f")
