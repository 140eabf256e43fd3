"""Hostile and mistaken requests: every route of the view refuses them in its own words, and nothing is queued."""

from __future__ import annotations

from typing import Any

import pytest

import app  # noqa: F401  mounting the rooms declares their routes
from chalicelib.web import forms
from chalicelib.web.envelope import MEDIAFLOW
from chalicelib.web.room import ENDPOINTS, JSON, Endpoint
from chalicelib.web.validation import schema
from tests.system.conftest import Engine
from tests.system.jobs.conftest import Person, somebody
from tests.system.test_bad_input import NOT_AN_OBJECT, NOT_JSON

pytestmark = pytest.mark.usefixtures("operators")
TAKING = [declared for declared in ENDPOINTS if declared.dialect is MEDIAFLOW and declared.request]
WRONG: list[Any] = [None, 7, True, [], {}, "", "two\nlines", "{% 1 %}", "x" * 5000, 9007199254740991, -1, 1.5]
LIMITED = 429


def by_route(endpoints: list[Endpoint]) -> Any:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda declared: f"{declared.method} {declared.path}")


def refused(answer: Any, *, may_be_taken: bool = False) -> None:
    if may_be_taken and answer.status_code < 300:
        return
    assert 400 <= answer.status_code < 500, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
    body = answer.json()
    assert set(body) == {"detail"}
    assert "Traceback" not in answer.text
    assert len(answer.text) < 4000


@by_route(TAKING)
def test_a_body_that_is_no_json_object_is_refused(engine: Engine, endpoint: Endpoint) -> None:
    person = somebody(engine)
    path = endpoint.path.removeprefix("/v1/")
    for content in NOT_JSON:
        headers = {**person.headers, "Content-Type": "application/json"}
        refused(engine.http.request(endpoint.method, endpoint.path.lstrip("/"), content=content, headers=headers))
    for document in NOT_AN_OBJECT:
        refused(person.ask(endpoint.method, path, json=document))


@by_route([declared for declared in TAKING if JSON in declared.content])
def test_a_member_of_the_wrong_kind_is_refused_or_read_as_it_should_be(engine: Engine, endpoint: Endpoint) -> None:
    """A new user for each member, so that none is stopped by a limit."""
    for member in schema(str(endpoint.request))["properties"]:
        person = somebody(engine)
        for value in WRONG[:8]:
            body = {**endpoint.example, member: value}
            answer = person.ask(endpoint.method, endpoint.path.removeprefix("/v1/"), json=body)
            assert answer.status_code != LIMITED
            if member == "partial" and value is True:
                # right for once: the upload that isn't there is told of, and makes no job
                assert (answer.status_code, answer.json()["data"]["total"]) == (202, 0)
                continue
            refused(answer, may_be_taken=not endpoint.path.startswith("/v1/image"))


@by_route([declared for declared in TAKING if forms.URLENCODED in declared.content])
def test_fields_of_forms_are_refused_or_read_as_they_should_be(engine: Engine, endpoint: Endpoint) -> None:
    person = somebody(engine)
    for value in ("", "two\nlines", "{% 1 %}", "x" * 5000, "9" * 40, "-1", "1e400", "NaN", "\u0663", "\0"):
        body = dict.fromkeys(schema(str(endpoint.request))["properties"], value)
        refused(person.ask(endpoint.method, endpoint.path.removeprefix("/v1/"), data=body))


@pytest.mark.parametrize("job_id", ["abc", "..", "%00", "a" * 3000, "\u00e4", "{}", "0" * 36])
def test_what_is_no_job_id_is_refused(person: Person, job_id: str) -> None:
    for method in ("GET", "DELETE"):
        answer = person.ask(method, f"jobs/{job_id}")
        assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=1.5", "page=99999999999", "page_size=0", "page_size=101", "page_size=",
     "status=done", "status=", "job_type=x", "job_type=%00", "page=%D9%A3"],
)  # fmt: skip
def test_mf31_queries_that_are_wrong_are_refused(person: Person, query: str) -> None:
    answer = person.ask("GET", f"jobs?{query}")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]
