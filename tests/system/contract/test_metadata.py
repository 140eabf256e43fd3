"""The data plane: operators' metadata, whole and in pages."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import asset, everything, keys, refused


def store(engine: Engine, asset_id: str, operator: str, results: Any, query: str = "", run: str = "run-1") -> Any:
    body = {"OperatorName": operator, "WorkflowId": run, "Results": results}
    return engine.ok("POST", f"metadata/{asset_id}{query}", body)


def walk(engine: Engine, asset_id: str, operator: str = "") -> list[dict[str, Any]]:
    """All answers of the cursor loop, first to last."""
    path = f"metadata/{asset_id}/{operator}".rstrip("/")
    found = [engine.ok("GET", path)]
    while "cursor" in found[-1]:
        answer = engine.http.get(path, params={"cursor": found[-1]["cursor"]})
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        assert len(found) < 100, "the cursor leads nowhere"
    return found


def test_a_whole_document_is_stored_under_the_old_key_and_answers_it(engine: Engine) -> None:
    asset_id = asset(engine)

    stored = store(engine, asset_id, "labels", {"a": 1})

    key = f"private/assets/{asset_id}/workflows/run-1/labels.json"
    assert stored == {"Status": "Success", "Bucket": engine.bucket, "Key": key}
    body = engine.aws.client("s3").get_object(Bucket=engine.bucket, Key=key)["Body"].read()
    assert json.loads(body) == {"a": 1}


def test_results_are_kept_byte_for_byte(engine: Engine) -> None:
    asset_id = asset(engine)
    results = '{ "b" : 0.10, "a":1.0,\t"n": 12345678901234567890, "e": 1E5, "t": "\\u00e9é", "z": -0.0, "l": [ ] }'
    body = f'{{"OperatorName": "labels", "Results": {results}, "WorkflowId": "run-1"}}'

    answer = engine.http.post(
        f"metadata/{asset_id}", content=body.encode(), headers={"Content-Type": "application/json"}
    )

    key = answer.json()["Key"]
    assert engine.aws.client("s3").get_object(Bucket=engine.bucket, Key=key)["Body"].read() == results.encode()
    assert f'"results":{results}' in engine.http.get(f"metadata/{asset_id}/labels").text
    first = engine.ok("GET", f"metadata/{asset_id}")
    assert f'"results":{results}' in engine.http.get(f"metadata/{asset_id}", params={"cursor": first["cursor"]}).text


def test_a_workflow_id_is_taken_and_not_insisted_upon(engine: Engine) -> None:
    asset_id = asset(engine)

    stored = engine.ok("POST", f"metadata/{asset_id}", {"OperatorName": "labels", "Results": {"a": 1}})

    assert stored["Key"] == f"private/assets/{asset_id}/workflows/none/labels.json"
    assert engine.ok("GET", f"metadata/{asset_id}/labels")["results"] == {"a": 1}


def test_missing_inputs_of_metadata_are_named_as_before(engine: Engine) -> None:
    asset_id = asset(engine)
    before = everything(engine)

    for member in ("OperatorName", "Results"):
        body = {"OperatorName": "labels", "WorkflowId": "w", "Results": {}}
        del body[member]
        answer = engine.http.post(f"metadata/{asset_id}", json=body)
        refused(answer, 400, f"Missing required inputs for storing metadata: '{member}'")

    assert everything(engine) == before


@pytest.mark.parametrize("results", [[], [{"a": 1}], "text", 7, None, True], ids=repr)
def test_results_must_be_an_object(engine: Engine, results: Any) -> None:
    body = {"OperatorName": "labels", "WorkflowId": "w", "Results": results}

    refused(engine.http.post(f"metadata/{asset(engine)}", json=body), 400, "Results")


def test_wrong_page_parameters_are_refused_before_body_and_asset_are_looked_at(engine: Engine) -> None:
    asset_id = asset(engine)
    before = everything(engine)

    for query, words in (
        ("?end=true", "Must pass required query parameter: paginated"),
        ("?other=1", "Must pass required query parameter: paginated"),
        ("?paginated=true&end=false", "Query param end only supports a value of: true"),
        ("?paginated=true&end=True", "Query param end only supports a value of: true"),
        ("?paginated=false", "Query param paginated only supports a value of: true"),
    ):
        good = {"OperatorName": "x", "Results": {}}
        refused(engine.http.post(f"metadata/{asset_id}{query}", json=good), 400, words)
        refused(engine.http.post(f"metadata/nobody{query}", json={}), 400, words)

    assert everything(engine) == before


def test_a_wrong_body_is_refused_before_the_asset_is_looked_for(untouched: Engine) -> None:
    refused(untouched.http.post("metadata/nobody", json={"OperatorName": "x"}), 400, "'Results'")


def test_pages_show_when_the_last_is_stored_and_come_in_their_order(engine: Engine) -> None:
    asset_id = asset(engine)

    for n in range(2):
        assert store(engine, asset_id, "labels", {"n": n}, "?paginated=true") == {"Status": "Success"}
    refused(engine.http.get(f"metadata/{asset_id}/labels"), 404, "labels")
    assert "cursor" not in engine.ok("GET", f"metadata/{asset_id}")
    last = store(engine, asset_id, "labels", {"n": 2}, "?paginated=true&end=true")

    assert (last["Status"], last["Bucket"]) == ("Success", engine.bucket)
    assert last["Key"] in keys(engine, f"private/assets/{asset_id}/workflows/run-1/")
    answers = walk(engine, asset_id, "labels")
    assert [answer["results"] for answer in answers] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert all((answer["asset_id"], answer["operator"]) == (asset_id, "labels") for answer in answers)


def test_all_metadata_of_an_asset_come_by_cursor_after_its_facts(engine: Engine) -> None:
    asset_id = asset(engine)
    for n in range(3):
        end = "&end=true" if n == 2 else ""
        store(engine, asset_id, "pages", {"n": n}, f"?paginated=true{end}")
    store(engine, asset_id, "alone", {"a": 0.1})
    store(engine, asset_id, "zebra", {})

    facts, *answers = walk(engine, asset_id)

    assert set(facts) == {"asset_id", "results", "cursor"}
    assert set(facts["results"]) == {"MediaType", "S3Key", "S3Bucket", "Created"}
    assert (facts["asset_id"], facts["results"]["MediaType"]) == (asset_id, "Video")
    assert re.fullmatch(r"\d{10}(\.\d+)?", facts["results"]["Created"])
    by_operator: dict[str, list[Any]] = {}
    for answer in answers:
        by_operator.setdefault(answer["operator"], []).append(answer["results"])
    assert by_operator == {"alone": [{"a": 0.1}], "pages": [{"n": 0}, {"n": 1}, {"n": 2}], "zebra": [{}]}
    # an operator's pages stand together
    assert [answer["operator"] for answer in answers].count("pages") == 3
    operators = [answer["operator"] for answer in answers]
    begin = operators.index("pages")
    assert operators[begin : begin + 3] == ["pages"] * 3


def test_an_asset_without_metadata_has_facts_and_no_cursor(engine: Engine) -> None:
    asset_id = asset(engine)

    assert set(engine.ok("GET", f"metadata/{asset_id}")) == {"asset_id", "results"}
    refused(engine.http.get(f"metadata/{asset_id}/labels"), 404, "labels")


def test_the_newest_metadata_of_an_operator_is_the_one_that_shows(engine: Engine) -> None:
    asset_id = asset(engine)
    store(engine, asset_id, "labels", {"run": 1}, run="run-1")
    store(engine, asset_id, "labels", {"run": 2}, run="run-2")

    assert [answer["results"] for answer in walk(engine, asset_id, "labels")] == [{"run": 2}]
    assert [answer["results"] for answer in walk(engine, asset_id)[1:]] == [{"run": 2}]
    # the earlier run's document is still there
    assert f"private/assets/{asset_id}/workflows/run-1/labels.json" in keys(engine, f"private/assets/{asset_id}/")

    store(engine, asset_id, "labels", {"page": 0}, "?paginated=true", run="run-3")
    store(engine, asset_id, "labels", {"page": 1}, "?paginated=true&end=true", run="run-3")
    assert [answer["results"] for answer in walk(engine, asset_id, "labels")] == [{"page": 0}, {"page": 1}]

    store(engine, asset_id, "labels", {"whole": True}, run="run-3")
    assert [answer["results"] for answer in walk(engine, asset_id, "labels")] == [{"whole": True}]


def test_storing_pages_again_in_the_same_run_begins_anew(engine: Engine) -> None:
    asset_id = asset(engine)
    for attempt in ("first", "second"):
        store(engine, asset_id, "labels", {"of": attempt, "n": 0}, "?paginated=true")
        store(engine, asset_id, "labels", {"of": attempt, "n": 1}, "?paginated=true&end=true")

    found = [answer["results"] for answer in walk(engine, asset_id, "labels")]

    assert found == [{"of": "second", "n": 0}, {"of": "second", "n": 1}]


def test_pages_written_at_once_are_all_kept(engine: Engine) -> None:
    asset_id = asset(engine)

    def add(n: int) -> Any:
        body = {"OperatorName": "labels", "WorkflowId": "run-1", "Results": {"n": n}}
        return httpx.post(f"{engine.aws.api_url}metadata/{asset_id}?paginated=true", json=body).json()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(add, range(24))) == [{"Status": "Success"}] * 24
    store(engine, asset_id, "labels", {"n": 24}, "?paginated=true&end=true")

    found = [answer["results"]["n"] for answer in walk(engine, asset_id, "labels")]
    assert sorted(found) == list(range(25))
    assert found[-1] == 24


def test_adding_a_page_writes_one_object_and_rewrites_none(engine: Engine) -> None:
    asset_id = asset(engine)
    prefix, s3 = f"private/assets/{asset_id}/", engine.aws.client("s3")

    def versions() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for entry in s3.list_object_versions(Bucket=engine.bucket, Prefix=prefix).get("Versions", []):
            found.setdefault(entry["Key"], set()).add(entry["VersionId"])
        return found

    for n in range(4):
        before = versions()
        store(engine, asset_id, "labels", {"n": n}, "?paginated=true")
        after = versions()
        assert {key: after[key] for key in before} == before
        assert len(after) == len(before) + 1


@pytest.mark.parametrize("operator", ["", "/labels"])
def test_a_query_without_a_cursor_or_with_a_wrong_one_is_refused(engine: Engine, operator: str) -> None:
    asset_id, other = asset(engine), asset(engine)
    for one in (asset_id, other):
        store(engine, one, "labels", {"n": 0}, "?paginated=true")
        store(engine, one, "labels", {"n": 1}, "?paginated=true&end=true")
    foreign = engine.ok("GET", f"metadata/{other}{operator}")["cursor"]

    for query in ("?x=1", "?cursor=", "?cursor=abc", f"?cursor={foreign}", "?cursor=e30%3D"):
        refused(engine.http.get(f"metadata/{asset_id}{operator}{query}"), 400, "cursor")


def test_a_cursor_stays_good_while_others_store_metadata(engine: Engine) -> None:
    asset_id = asset(engine)
    for n in range(3):
        store(engine, asset_id, "labels", {"n": n}, "?paginated=true" + ("&end=true" if n == 2 else ""))
    first = engine.ok("GET", f"metadata/{asset_id}/labels")

    store(engine, asset_id, "labels", {"new": True}, run="run-2")
    second = engine.http.get(f"metadata/{asset_id}/labels", params={"cursor": first["cursor"]}).json()

    assert (first["results"], second["results"]) == ({"n": 0}, {"n": 1})


def test_a_cursor_whose_metadata_was_deleted_says_so(engine: Engine) -> None:
    asset_id = asset(engine)
    for n in range(2):
        store(engine, asset_id, "labels", {"n": n}, "?paginated=true" + ("&end=true" if n == 1 else ""))
    cursor = engine.ok("GET", f"metadata/{asset_id}/labels")["cursor"]
    engine.ok("DELETE", f"metadata/{asset_id}/labels")

    answer = engine.http.get(f"metadata/{asset_id}/labels", params={"cursor": cursor})

    refused(answer, 410, "cursor", "labels")


def test_deleting_an_operators_metadata_takes_all_its_documents_and_no_others(engine: Engine) -> None:
    asset_id = asset(engine)
    whole = store(engine, asset_id, "labels", {"run": 1}, run="run-1")["Key"]
    store(engine, asset_id, "labels", {"n": 0}, "?paginated=true", run="run-2")
    store(engine, asset_id, "labels", {"n": 1}, "?paginated=true&end=true", run="run-2")
    kept = store(engine, asset_id, "labels2", {"a": 1}, run="run-1")["Key"]

    answer = engine.ok("DELETE", f"metadata/{asset_id}/labels")

    assert whole in [entry["Key"] for entry in answer["Deleted"]]
    assert keys(engine, f"private/assets/{asset_id}/") == [kept]
    refused(engine.http.get(f"metadata/{asset_id}/labels"), 404, "labels")
    assert [entry["operator"] for entry in walk(engine, asset_id)[1:]] == ["labels2"]
    missing = "Unable to delete metadata, pointer does not exist for labels"
    refused(engine.http.delete(f"metadata/{asset_id}/labels"), 404, missing)


def test_operators_may_be_called_like_the_old_engines_own_attributes(engine: Engine) -> None:
    asset_id = asset(engine)
    names = ["MediaType", "S3Key", "Locked", "LockedAt", "Created", "AssetId"]
    for name in names:
        store(engine, asset_id, name, {"by": name})

    facts, *answers = walk(engine, asset_id)

    assert facts["results"]["MediaType"] == "Video"
    assert {answer["operator"]: answer["results"] for answer in answers} == {name: {"by": name} for name in names}
