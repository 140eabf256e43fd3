from __future__ import annotations

from chalicelib.web.room import ENDPOINTS
from chalicelib.web.validation import schema, validate
from tests.chalicelib.api import serve

ROOMS = ("definitions/", "system/")


def test_every_example_fits_the_schema_of_its_route(no_real_aws: None) -> None:
    serve()
    ours = [endpoint for endpoint in ENDPOINTS if endpoint.response.startswith(ROOMS)]

    assert len(ours) >= 23
    for endpoint in ours:
        if endpoint.request is not None:
            validate(endpoint.request, endpoint.example)
        validate(endpoint.response, endpoint.answer_example)


def test_every_schema_is_typed_on_each_level() -> None:
    names = {name for endpoint in ENDPOINTS for name in (endpoint.request, endpoint.response) if name}
    for name in sorted(name for name in names if name.startswith(ROOMS)):
        check_typed(schema(name), name)


def check_typed(node: dict[str, object], where: str) -> None:
    assert "type" in node, where
    if node["type"] == "object":
        assert "additionalProperties" in node, where
    children = node.get("properties", {})
    assert isinstance(children, dict)
    for name, child in children.items():
        check_typed(child, f"{where}.{name}")
    for key in ("items", "additionalProperties"):
        child = node.get(key)
        if isinstance(child, dict):
            check_typed(child, f"{where}.{key}")
