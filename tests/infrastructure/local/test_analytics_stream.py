"""The optional Kinesis stream: what happens in the data plane reaches it, in order, by way of the Assets stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.embedded import EmbeddedAws
from tests.system.conftest import Engine

PARAMETERS = {"DeployAnalyticsPipeline": "Yes"}


@pytest.fixture(scope="module")
def streaming() -> Iterator[Engine]:
    with EmbeddedAws(port=0, aws_port=0, speed=50, parameters=PARAMETERS) as aws:
        engine = Engine(aws)
        engine.stop_sweeping()
        yield engine
        engine.http.close()


def told(engine: Engine, asset_id: str) -> list[dict[str, Any]]:
    """What the stream holds of an asset, in order."""
    kinesis = engine.aws.client("kinesis")
    name = engine.aws.outputs["AnalyticsStreamArn"].rpartition("/")[2]
    found: list[dict[str, Any]] = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        start = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
        found += [json.loads(record["Data"]) for record in records if record["PartitionKey"] == asset_id]
    return found


def store(engine: Engine, asset_id: str, operator: str, query: str = "") -> None:
    body = {"OperatorName": operator, "WorkflowId": "run-1", "Results": {"found": operator}}
    engine.ok("POST", f"metadata/{asset_id}{query}", body)


def test_the_life_of_an_asset_is_told(streaming: Engine) -> None:
    engine = streaming
    engine.aws.client("s3").put_object(Bucket=engine.bucket, Key="uploads/clip.mp4", Body=b"video")
    place = {"S3Bucket": engine.bucket, "S3Key": "uploads/clip.mp4"}
    asset_id = engine.ok("POST", "create", {"Input": place})["AssetId"]
    engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "Ada"})
    assert engine.http.post(f"checkin/{asset_id}").status_code == 200
    store(engine, asset_id, "whole")
    for query in ("?paginated=true", "?paginated=true&end=true"):
        store(engine, asset_id, "paged", query)
    engine.ok("DELETE", f"metadata/{asset_id}/whole")
    engine.http.delete(f"metadata/{asset_id}")

    engine.until(lambda: told(engine, asset_id), lambda found: len(found) >= 7)
    engine.aws.wait_idle()
    found = told(engine, asset_id)

    assert [(one["Action"], one.get("Operator"), one.get("Page")) for one in found] == [
        ("INSERT", None, None),
        ("MODIFY", "whole", None),
        ("MODIFY", "paged", 1),
        ("MODIFY", "paged", 2),
        ("REMOVE", "whole", None),
        ("REMOVE", "paged", None),
        ("REMOVE", None, None),
    ]
    assert {one["AssetId"] for one in found} == {asset_id}
    assert len({one["EventId"] for one in found}) == len(found)
    assert found[0]["S3Key"] == "uploads/clip.mp4"
    assert found[1]["Pointer"].endswith("/whole.json")


def test_the_stream_is_on_demand_and_encrypted(streaming: Engine) -> None:
    name = streaming.aws.outputs["AnalyticsStreamArn"].rpartition("/")[2]

    found = streaming.aws.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]

    assert found["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert (found["EncryptionType"], found["KeyId"]) == ("KMS", "alias/aws/kinesis")
