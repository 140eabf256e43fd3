from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.local.api.routes import Routes


def proxy(signed: bool = False) -> dict[str, Any]:
    operation: dict[str, Any] = {"x-amazon-apigateway-integration": {"type": "aws_proxy"}}
    if signed:
        operation["security"] = [{"sigv4": []}]
    return operation


def routes(*paths: str, **more: Any) -> Routes:
    return Routes({"paths": {path: {"get": proxy()} for path in paths}, **more})


def test_a_literal_segment_wins_over_a_variable() -> None:
    table = routes("/workflow/{name}", "/workflow/operation")

    found = table.find("GET", "/workflow/operation")

    assert found
    assert found[0].resource == "/workflow/operation"


def test_variables_are_taken_from_their_level() -> None:
    found = routes("/metadata/{asset_id}/{operator_name}").find("GET", "/metadata/a%20b/op")

    assert found
    assert found[1] == {"asset_id": "a%20b", "operator_name": "op"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("POST", "/a"), ("GET", "/a/b/c"), ("GET", "/a"), ("HEAD", "/a/b")]
)
def test_what_is_not_declared_is_not_found(method: str, path: str) -> None:
    assert routes("/a/{x}").find(method, path) is None


def test_the_root_and_a_trailing_slash_are_found() -> None:
    table = routes("/", "/a")

    assert table.find("GET", "/")
    assert table.find("GET", "/a/")


def test_two_variable_names_on_one_level_are_refused_as_api_gateway_does() -> None:
    with pytest.raises(ValueError, match="one variable name per level"):
        routes("/runs/{id}", "/runs/{run_id}/stages")


def test_a_method_with_security_needs_a_signature() -> None:
    table = Routes({"paths": {"/a": {"get": proxy(signed=True), "post": proxy()}}})

    signed = {method: found[0].signed for method in ("GET", "POST") if (found := table.find(method, "/a"))}
    assert signed == {"GET": True, "POST": False}


def test_a_mock_answers_its_literal_headers() -> None:
    headers = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
    response = {"statusCode": "200", "responseParameters": headers}
    integration = {"type": "mock", "responses": {"default": response}}
    table = Routes({"paths": {"/a": {"options": {"x-amazon-apigateway-integration": integration}}}})

    found = table.find("OPTIONS", "/a")

    assert found
    assert found[0].mock
    assert found[0].mock.status == 200
    assert found[0].mock.headers == {"Access-Control-Allow-Origin": "*"}


def test_own_answers_follow_the_template_and_then_its_default() -> None:
    templates = {"application/json": '{"Code":"$context.error.responseType","Message":$context.error.messageString}'}
    answers = {
        "DEFAULT_4XX": {"responseTemplates": templates},
        "TOO_LARGE": {"statusCode": "413", "responseTemplates": {"application/json": '{"Code":"Big"}'}},
    }
    table = routes("/", **{"x-amazon-apigateway-gateway-responses": answers})

    special = table.own_answer("TOO_LARGE", 400, "x")
    default = table.own_answer("OTHER", 403, 'say "no"')
    plain = table.own_answer("BROKEN", 502, "oops")

    assert (special.status, json.loads(special.body)) == (413, {"Code": "Big"})
    assert (default.status, json.loads(default.body)) == (403, {"Code": "OTHER", "Message": 'say "no"'})
    assert (plain.status, json.loads(plain.body)) == (502, {"message": "oops"})
