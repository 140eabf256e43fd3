from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.analytics.records import MalformedRecord, PageSet, change
from chalicelib.web.documents import compact
from tests.chalicelib.analytics.records_of import ASSET, head, record


def told(given: dict[str, Any]) -> list[str]:
    """The texts of a change that needs no look-up, without the ids that the old engine had not."""
    found = change(given)
    if found is None:
        return []
    return [compact({k: v for k, v in one.items() if k not in ("AssetId", "EventId")}) for one in found.documents([])]


def test_a_new_asset_is_told_with_what_is_known_of_it() -> None:
    assert told(record("a", "asset", new=ASSET)) == [
        '{"MediaType":"Video","S3Bucket":"media","S3Key":"clip.mp4","Created":"1795233906.000007","Action":"INSERT"}'
    ]


def test_metadata_is_told_in_the_old_members_and_order() -> None:
    assert told(record("a", "head#labels", new=head("k.json"))) == [
        '{"Action":"MODIFY","Pointer":"k.json","Operator":"labels","Workflow":"run-1"}'
    ]


def test_metadata_of_another_run_in_its_place_is_told() -> None:
    given = record("a", "head#labels", old=head("k.json"), new=head("l.json", "run-2"))

    assert json.loads(told(given)[0])["Pointer"] == "l.json"


def test_deleted_metadata_is_told_by_its_operator() -> None:
    assert told(record("a", "head#labels", old=head("k.json"))) == ['{"Action":"REMOVE","Operator":"labels"}']


def test_a_deleted_asset_is_told() -> None:
    assert told(record("a", "asset", old={**ASSET, "Deleting": "x"})) == ['{"Action":"REMOVE"}']


def test_every_document_says_whose_it_is_and_which() -> None:
    given = record("a", "asset", new=ASSET)

    [document] = change(given).documents([])  # type: ignore[union-attr]

    assert (document["AssetId"], document["EventId"]) == ("a", given["eventID"])


@pytest.mark.parametrize(
    "given",
    [
        record("a", "asset", old=ASSET, new={**ASSET, "Locked": "true", "LockedBy": "Ada", "LockedAt": 5}),
        record("a", "asset", old={**ASSET, "Locked": "true", "LockedBy": "Ada", "LockedAt": 5}, new=ASSET),
        record("a", "asset", old=ASSET, new={**ASSET, "ActiveRun": "run-1"}),
        record("a", "asset", new={}),
        record("a", "asset", old={}),
        record("a", "head#labels", old=head("k.json"), new=head("k.json")),
        record("a", "doc#labels#run-1#000000", new={"Key": "k.json", "Workflow": "run-1"}),
        record("a", "open#labels#run-1", new={"Set": "s", "Pages": 1}),
        record("months", "2026-11", new={}),
    ],
    ids=lambda given: given["dynamodb"]["Keys"]["Part"]["S"],
)
def test_what_readers_of_assets_do_not_see_is_not_told(given: dict[str, Any]) -> None:
    assert change(given) is None


def test_pages_are_told_one_by_one() -> None:
    given = record("a", "head#labels", new=head("pages.json", set_id="run-1~abc", pages=2))

    found = change(given)

    assert found is not None
    assert found.pages == PageSet("labels", "run-1~abc", 2)
    assert found.documents(["p1", "p2"]) == [
        {
            "Action": "MODIFY",
            "Pointer": f"p{number}",
            "Operator": "labels",
            "Workflow": "run-1",
            "Page": number,
            "Pages": 2,
            "AssetId": "a",
            "EventId": f"{given['eventID']}-{number}",
        }
        for number in (1, 2)
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"dynamodb": {}},
        {**record("a", "asset", new=ASSET), "eventID": None} | {"dynamodb": {"Keys": None}},
        record("a", "asset", new={"MediaType": "Video"}),
        record("a", "head#labels", new={"Operator": "labels"}),
    ],
)
def test_a_record_of_another_kind_is_malformed(broken: Any) -> None:
    with pytest.raises(MalformedRecord):
        change(broken)
