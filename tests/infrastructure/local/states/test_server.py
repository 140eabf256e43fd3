from __future__ import annotations

import json
import time
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.infrastructure.local.states.world import ROLE, give, only, task, world

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "Call",
    "States": {"Call": task(Output="{% $states.result.Payload.double %}")},
}


def template(definition: dict[str, Any]) -> str:
    properties = {"StateMachineName": "templated", "RoleArn": ROLE, "DefinitionString": json.dumps(definition)}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return json.dumps({"Resources": {"Machine": resource}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}})


def test_given_a_template_s_machine_behind_the_server_then_it_runs_and_is_described() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: {"double": event["n"] * 2}
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        session = boto3.Session("test", "test", region_name="us-east-1")
        address = f"http://{host}:{port}"
        try:
            formation = session.client("cloudformation", endpoint_url=address)
            formation.create_stack(StackName="stack", TemplateBody=template(DEFINITION))
            outputs = formation.describe_stacks(StackName="stack")["Stacks"][0]["Outputs"]
            states = session.client("stepfunctions", endpoint_url=address)
            arn = states.start_execution(stateMachineArn=outputs[0]["OutputValue"], input='{"n": 21}')["executionArn"]
            deadline = time.monotonic() + 20
            while (described := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
                assert time.monotonic() < deadline
            assert (described["status"], described["output"]) == ("SUCCEEDED", "42")
        finally:
            server.stop()


def test_given_the_execution_switched_off_in_moto_s_configuration_then_machines_run_all_the_same() -> None:
    with world() as aws:
        assert aws.output(only(give({"ran": True}))) == {"ran": True}
