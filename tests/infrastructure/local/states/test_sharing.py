from __future__ import annotations

import json
from typing import Any

from tests.infrastructure.local.states.world import ROLE, World, give, task, world


def jsonpath(aws: World, states: dict[str, Any], given: Any) -> Any:
    definition = {"StartAt": next(iter(states)), "States": states}
    arn = aws.client.create_state_machine(name="path", definition=json.dumps(definition), roleArn=ROLE)
    described = aws.end(aws.start(arn["stateMachineArn"], given))
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_given_jsonpath_then_result_paths_change_only_their_own_branch_s_data() -> None:
    def branch(name: str) -> dict[str, Any]:
        state = {"Type": "Pass", "Result": name, "ResultPath": "$.deep.who", "End": True}
        return {"StartAt": name, "States": {name: state}}

    states = {
        "Both": {"Type": "Parallel", "Branches": [branch("a"), branch("b")], "ResultPath": "$.both", "End": True}
    }
    with world() as aws:
        result = jsonpath(aws, states, {"deep": {"x": 1}})
    assert result == {
        "deep": {"x": 1},
        "both": [{"deep": {"x": 1, "who": "a"}}, {"deep": {"x": 1, "who": "b"}}],
    }


def test_given_an_expression_that_returns_the_input_then_a_task_s_parameters_do_not_change_it() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: event
        arguments = {"Arguments": "{% $states.input %}"}
        output = aws.output(
            ("Call", {**task(Next="Show", Output="{% $states.input %}"), **arguments}),
            ("Show", give("{% $states.input %}")),
            given={"FunctionName": "f", "Payload": {"a": 1}, "Unsupported": True},
        )
    assert output == {"FunctionName": "f", "Payload": {"a": 1}, "Unsupported": True}


def test_given_a_map_then_every_item_is_processed() -> None:
    processor = {"StartAt": "Add", "States": {"Add": give("{% $states.input + 1 %}")}}
    each = {"Type": "Map", "Items": "{% $states.input.items %}", "ItemProcessor": processor, "End": True}
    with world() as aws:
        assert aws.output(("Each", each), given={"items": [1, 2, 3]}) == [2, 3, 4]


def test_given_text_then_history_and_output_are_compact_and_not_escaped() -> None:
    with world() as aws:
        described = aws.run(("Only", give({"é": [1, 2]})))
        events = aws.history(described["executionArn"])
    assert described["output"] == '{"é":[1,2]}'
    assert events[-1]["executionSucceededEventDetails"]["output"] == '{"é":[1,2]}'
