from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from fake_api import FakeApi, Received, Reply

from mediawright.client import ApiError, Client, ConnectionFailed

LISTS: list[tuple[str, Callable[[Client], Iterator[Any]], str, str | None, dict[str, str]]] = [
    ("configuration", lambda c: c.configuration(), "/system/configuration", None, {}),
    ("operations", lambda c: c.operations(2), "/workflow/operation", None, {"limit": "2"}),
    ("stages", lambda c: c.stages(), "/workflow/stage", None, {}),
    ("workflows", lambda c: c.workflows(), "/workflow", None, {}),
    ("with operation", lambda c: c.workflows_with_operation("o"), "/workflow/list/operation/o", None, {}),
    ("with stage", lambda c: c.workflows_with_stage("s"), "/workflow/list/stage/s", None, {}),
    ("executions", lambda c: c.executions(5), "/workflow/execution", None, {"view": "summary", "limit": "5"}),
    ("whole executions", lambda c: c.executions_whole(), "/workflow/execution", None, {}),
    ("by status", lambda c: c.executions_by_status("Error"), "/workflow/execution/status/Error", None, {}),
    ("by asset", lambda c: c.executions_by_asset("a"), "/workflow/execution/asset/a", None, {}),
    ("batches", lambda c: c.batches(2), "/workflow/execution/batch", None, {"limit": "2"}),
    ("batch runs", lambda c: c.batch_runs("b"), "/workflow/execution/batch/b/runs", None, {}),
    ("triggers", lambda c: c.triggers(), "/workflow/trigger", None, {}),
    ("webhooks", lambda c: c.webhooks(), "/system/webhook", None, {}),
    ("dead deliveries", lambda c: c.dead_deliveries(9), "/system/webhook/dead", None, {"limit": "9"}),
    ("assets", lambda c: c.asset_ids(2), "/metadata", "assets", {"limit": "2"}),
    ("locks", lambda c: c.check_outs(), "/checkouts", "locks", {}),
]


@pytest.mark.parametrize(("call", "path", "member", "query"), [c[1:] for c in LISTS], ids=[c[0] for c in LISTS])
def test_a_list_is_followed_by_its_links_to_the_end(
    api: FakeApi, client: Client, call: Callable[[Client], Iterator[Any]], path: str, member: str | None, query: Any
) -> None:
    pages = {"": ["a", "b"], "p 2+": ["c"], "p3": []}
    following = {"": "p%202%2B", "p 2+": "p3"}

    def page(request: Received) -> Reply:
        cursor = request.query.get("cursor", "")
        body = {member: pages[cursor]} if member else pages[cursor]
        link = {"Link": f'</api{path}?limit=2&cursor={following[cursor]}>; rel="next"'} if cursor in following else {}
        return Reply(body, 200, link)

    api.on("GET", path, page)

    assert list(call(client)) == ["a", "b", "c"]
    assert [request.query for request in api.requests] == [
        query,
        {"limit": "2", "cursor": "p 2+"},
        {"limit": "2", "cursor": "p3"},
    ]


def test_a_list_is_read_only_as_far_as_it_is_asked_for(api: FakeApi, client: Client) -> None:
    api.on(
        "GET",
        "/workflow",
        Reply([{"Name": "a"}, {"Name": "b"}], 200, {"Link": '</api/workflow?cursor=x>; rel="next"'}),
    )

    assert len(list(islice(client.workflows(), 2))) == 2
    assert len(api.requests) == 1


def test_a_link_to_another_host_is_not_followed_with_our_signature(api: FakeApi, client: Client) -> None:
    api.on("GET", "/workflow", Reply([], 200, {"Link": '<http://127.0.0.2:1/api/workflow?cursor=x>; rel="next"'}))

    with pytest.raises(ConnectionFailed, match="another host"):
        list(client.workflows())


def test_metadata_is_followed_by_its_cursor_and_the_first_page_tells_the_asset(api: FakeApi, client: Client) -> None:
    facts = {"MediaType": "Video", "S3Bucket": "b", "S3Key": "k"}
    api.on("GET", "/metadata/a", lambda r: {
        "": {"asset_id": "a", "results": facts, "cursor": "1"},
        "1": {"asset_id": "a", "operator": "o", "results": {"score": 0.30000000000000004}, "cursor": "2"},
        "2": {"asset_id": "a", "operator": "o", "results": {"n": 9007199254740991}},
    }[r.query.get("cursor", "")])  # fmt: skip

    pages = list(client.metadata("a"))

    assert [page.get("operator") for page in pages] == [None, "o", "o"]
    assert [page["results"] for page in pages[1:]] == [{"score": 0.30000000000000004}, {"n": 9007199254740991}]
    assert client.asset("a") == {"AssetId": "a", **facts}


def test_an_answer_that_lies_elsewhere_is_fetched_without_our_signature(api: FakeApi, client: Client) -> None:
    page = {"asset_id": "a", "operator": "o", "results": {"text": "é"}}
    api.objects["there"] = json.dumps(page).encode()
    url = f"{api.origin}/s3/data/there?X-Amz-Signature=s"
    api.on("GET", "/metadata/a/o", Reply({"Location": url}, 303, {"Location": url}))

    assert list(client.metadata("a", "o")) == [page]


def test_an_answer_that_is_gone_where_it_lay_is_an_error(api: FakeApi, client: Client) -> None:
    url = f"{api.origin}/s3/data/gone?X-Amz-Signature=s"
    api.on("GET", "/metadata/a/o", Reply({"Location": url}, 303, {"Location": url}))

    with pytest.raises(ApiError, match="404"):
        list(client.metadata("a", "o"))
