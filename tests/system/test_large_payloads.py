"""What is large: metadata through the helper, raw returns at and beyond their share, globals, configurations."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.definitions.stage_input import MAX_GLOBALS_BYTES, branch_share
from mediawright.client import Client
from tests.system import large_operators
from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh, refused
from tests.system.test_waiting import leftovers

ROOT = Path(__file__).resolve().parents[2]
MOST_INLINE = 32_768
FIVE_MB = 5_000_000


# -- through the data plane ----------------------------------------------------------------------------------------


class HelperOperators:
    """Functions around operators of `large_operators`, with the helper in their zip."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._arns: dict[str, str] = {}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.write(large_operators.__file__, "large_operators.py")
            for file in sorted((ROOT / "mediawright").glob("*.py")):
                code.write(file, str(file.relative_to(ROOT)))
        self._archive = archive.getvalue()

    def operation(self, handler: str, **members: Any) -> str:
        """Register an operation; the keywords are members of its Configuration."""
        name = fresh("large")
        configuration = {"MediaType": "Video", "Enabled": True, **members}
        body = {
            "Name": name,
            "Type": "Sync",
            "Configuration": configuration,
            "StartLambdaArn": self._function(handler),
        }
        self._engine.ok("POST", "workflow/operation", body)
        return name

    def _function(self, handler: str) -> str:
        if handler not in self._arns:
            aws = self._engine.aws
            role = aws.client("iam").create_role(RoleName=fresh("large"), AssumeRolePolicyDocument="{}")
            answer = aws.client("lambda").create_function(
                FunctionName=fresh("large"),
                Runtime="python3.11",
                Role=role["Role"]["Arn"],
                Handler=f"large_operators.{handler}",
                Timeout=60,
                Environment={"Variables": {"DataplaneEndpoint": aws.outputs["DataPlaneHandlerArn"]}},
                Code={"ZipFile": self._archive},
            )
            self._arns[handler] = answer["FunctionArn"]
        return self._arns[handler]


@pytest.fixture(scope="module")
def helper(running: Engine) -> HelperOperators:
    return HelperOperators(running)


@pytest.mark.parametrize("kind", [*large_operators.TEXTS, "rows"])
def test_five_megabytes_of_an_operators_metadata_come_back_whole(
    engine: Engine, helper: HelperOperators, kind: str
) -> None:
    operation = helper.operation("stores", Kind=kind, Bytes=FIVE_MB)

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Complete", run["Message"]
    assert run["Globals"]["MetaData"] == {operation: True}
    given = large_operators.document(kind, FIVE_MB)
    path = f"metadata/{run['AssetId']}/{operation}"
    assert engine.http.get(path, follow_redirects=True).json()["results"] == given
    client = Client(engine.aws.api_url, region="us-east-1")
    [page] = client.metadata(run["AssetId"], operation)
    assert page["results"] == given
    client.close()


def test_pages_too_large_for_one_call_are_pages_all_the_same(engine: Engine, helper: HelperOperators) -> None:
    operation = helper.operation("stores_pages", Kind="quotes", Bytes=FIVE_MB)

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Complete", run["Message"]
    assert run["Globals"]["MetaData"] == {operation: True}


def test_a_document_beyond_sixteen_mebibytes_fails_its_operation_naming_pages(
    engine: Engine, helper: HelperOperators
) -> None:
    operation = helper.operation("stores", Kind="ascii", Bytes=17 * 2**20)

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Error"
    assert "in pages" in run["Message"]
    refused(engine.http.get(f"metadata/{run['AssetId']}/{operation}"), 404)


# -- raw returns ---------------------------------------------------------------------------------------------------


def test_five_branches_of_60_kb_exceed_their_shares_and_spare_the_sixth(engine: Engine) -> None:
    large = [engine.operation("large", Count=60_000) for _ in range(5)]
    small = engine.operation("echo", Make={"kept": True})

    run = engine.run(engine.workflow([*large, small]))

    outputs = engine.outputs(run)
    assert run["Status"] == "Error"
    for name in large:
        assert (outputs[name]["Status"], outputs[name]["Error"]) == ("Error", "OutputTooLarge")
        assert f"its share of the stage is {branch_share(6)}" in outputs[name]["Cause"]
        assert "store large results through the data plane" in outputs[name]["Cause"]
        assert name in run["Message"]
    assert outputs[small]["MetaData"] == {"kept": True}


def test_five_branches_within_their_shares_are_joined(engine: Engine) -> None:
    within = [engine.operation("large", Count=35_000) for _ in range(5)]

    run = engine.run(engine.workflow(within, [engine.operation("echo")]))

    assert run["Status"] == "Complete", run["Message"]
    assert {name: len(text) for name, text in run["Globals"]["MetaData"].items()} == dict.fromkeys(within, 35_000)


def test_one_branch_of_300_kb_fails_and_spares_its_sibling(engine: Engine) -> None:
    large, small = engine.operation("large", Count=300_000), engine.operation("echo", Make={"kept": True})

    run = engine.run(engine.workflow([large, small]))

    outputs = engine.outputs(run)
    assert run["Status"] == "Error"
    assert outputs[large]["Status"] == "Error"
    assert outputs[small]["MetaData"] == {"kept": True}
    engine.until(engine.slots, lambda slots: not slots)


def at_the_share(name: str, branches: int, counted: int) -> int:
    """How many characters, counted as so many bytes each, an operation's raw return may have."""
    empty = '{"Kept":{"Status":"Complete","MetaData":{"' + name + '":""}}}'
    return (branch_share(branches) - len(empty)) // counted


@pytest.mark.parametrize(("character", "counted"), [("x", 1), ("é", 3), ("字", 3), ("😀", 4)])
def test_text_of_any_width_right_at_the_share_is_kept_and_beyond_it_is_not(
    engine: Engine, character: str, counted: int
) -> None:
    within = engine.operation("large", Count=0, Filler=character)
    beyond = engine.operation("large", Count=0, Filler=character)
    stage = engine.stage(within, beyond)
    workflow = fresh("wf")
    engine.ok("POST", "workflow", {"Name": workflow, "StartAt": stage, "Stages": {stage: {"End": True}}})
    most = at_the_share(within, 2, counted)
    configuration = {stage: {within: {"Count": most}, beyond: {"Count": most + 1}}}

    run = engine.run(workflow, Configuration=configuration)

    outputs = engine.outputs(run)
    assert outputs[within]["Status"] == "Complete", outputs[within]
    assert outputs[within]["MetaData"] == {within: character * most}
    assert outputs[beyond]["Error"] == "OutputTooLarge"


# -- what travels with a run ---------------------------------------------------------------------------------------


def test_metadata_that_accumulates_beyond_180_kb_ends_the_run_naming_the_keys(engine: Engine) -> None:
    makers = [engine.operation("large", Count=70_000) for _ in range(3)]
    never = engine.operation("echo", Make={"ran": True})

    run = engine.run(engine.workflow(*([maker] for maker in makers), [never]))

    assert run["Status"] == "Error"
    assert str(MAX_GLOBALS_BYTES) in run["Message"]
    assert all(maker in run["Message"] for maker in makers)
    assert "store large results through the data plane" in run["Message"]
    outputs = engine.outputs(run)
    assert [outputs[maker]["Status"] for maker in makers] == ["Complete"] * 3
    assert never not in outputs
    engine.until(engine.slots, lambda slots: not slots)


class Bulky:
    """A run whose configuration and outputs are each beyond what an item holds; its last operation wants a file."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.file = folder / "until"
        self.makers = [engine.operation("large", Count=60_000) for _ in range(2)]
        self.last = engine.operation("logs", Log=str(folder / "log"), Until=str(self.file))
        self.workflow = engine.workflow([self.makers[0]], [self.makers[1]], [self.last])
        stages = list(engine.ok("GET", f"workflow/{self.workflow}")["Stages"])
        self.configuration = {stages[2]: {self.last: {"Notes": "n" * 50_000}}}

    def metadata(self) -> dict[str, Any]:
        """What the makers hand on."""
        return dict.fromkeys(self.makers, "x" * 60_000)


@pytest.fixture
def bulky(engine: Engine, tmp_path: Path) -> Bulky:
    return Bulky(engine, tmp_path)


def items(engine: Engine, run: str) -> list[dict[str, Any]]:
    answer = engine.aws.client("dynamodb").query(
        TableName=engine.aws.outputs["ExecutionsTable"],
        KeyConditionExpression="Id = :id",
        ExpressionAttributeValues={":id": {"S": run}},
        ConsistentRead=True,
    )
    found: list[dict[str, Any]] = answer["Items"]
    return found


def test_large_texts_ride_by_reference_and_come_back_whole(engine: Engine, bulky: Bulky) -> None:
    bulky.file.touch()

    run = engine.run(bulky.workflow, Configuration=bulky.configuration)

    assert run["Status"] == "Complete", run["Message"]
    assert run["Configuration"] == bulky.configuration
    outputs = engine.outputs(run)
    assert {maker: outputs[maker]["MetaData"] for maker in bulky.makers} == {
        maker: {maker: "x" * 60_000} for maker in bulky.makers
    }
    assert run["Globals"]["MetaData"] == {**bulky.metadata(), bulky.last: 1}
    attributes = [attribute for item in items(engine, run["Id"]) for attribute in item.items()]
    assert (
        max(len(text.encode()) for _name, value in attributes for text in value.values() if isinstance(text, str))
        <= MOST_INLINE
    )
    assert {"InputRef", "OutputsRef", "OverrideRef"} <= {name for name, _value in attributes}


def test_a_retry_of_a_bulky_run_keeps_what_it_has_made(engine: Engine, bulky: Bulky) -> None:
    failed = engine.run(bulky.workflow, Configuration=bulky.configuration)
    assert failed["Status"] == "Error"
    bulky.file.touch()

    engine.ok("POST", f"workflow/execution/{failed['Id']}/retry", {})

    ended = engine.ended(failed["Id"])
    assert (ended["Status"], ended["Attempt"]) == ("Complete", 2), ended["Message"]
    assert ended["Configuration"] == bulky.configuration
    assert ended["Globals"]["MetaData"] == {**bulky.metadata(), bulky.last: 1}


def test_a_canceled_bulky_run_keeps_what_it_has_made_and_holds_nothing(
    engine: Engine, bulky: Bulky, tmp_path: Path
) -> None:
    gate = engine.operation("waits", File=str(tmp_path / "gate"))
    run_id = engine.start(engine.workflow([bulky.makers[0]], [bulky.makers[1]], [gate]))
    engine.until(lambda: engine.get(run_id), lambda run: bulky.makers[1] in engine.outputs(run))

    engine.ok("POST", f"workflow/execution/{run_id}/cancel", {})

    run = engine.get(run_id)
    (tmp_path / "gate").touch()
    assert run["Status"] == "Canceled"
    assert {maker: engine.outputs(run)[maker]["MetaData"][maker] for maker in bulky.makers} == bulky.metadata()
    engine.aws.wait_idle()
    assert leftovers(engine, run_id) == []
    assert engine.slots() == []
