"""`/openapi.json` and `/docs`: the API described by itself, without any outside host."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.web import openapi
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

_PAGE = Path(__file__).with_name("docs.html")
_POLICY = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"


@routes.endpoint(
    "GET",
    "/openapi.json",
    summary="The OpenAPI 3.1 document of this API",
    response="web/openapi",
    answer_example={"openapi": "3.1.0", "info": {"title": "Mediawright", "version": "3.0.0"}, "paths": {}},
    signed=False,
)
def get_openapi(_request: Request) -> dict[str, Any]:
    return openapi.document()


@routes.endpoint(
    "GET",
    "/docs",
    summary="A page that shows the OpenAPI document",
    response="web/page",
    answer_example="<!doctype html>",
    signed=False,
    media_type="text/html",
)
def get_docs(_request: Request) -> Answer:
    return Answer(_page(), {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY})


@cache
def _page() -> str:
    return _PAGE.read_text(encoding="utf-8")
