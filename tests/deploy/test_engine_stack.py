"""What CloudFormation refuses to do to the engine's stack."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from infrastructure.local.embedded import STACK
from tests.deploy.conftest import update
from tests.system.conftest import Engine


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MaxConcurrentWorkflows", "0", "must be a whole number from 1 to 9999"),
        ("MaxConcurrentWorkflows", "many", "must be a whole number"),
        ("OperatorGrants", "sometimes", "must be automatic or manual"),
        ("ExternalBucketArn", "my-bucket", "must be empty or the ARN of a bucket or of a prefix in it"),
        ("WebhookAllowedNetworks", "10.0.0.0/8,everything", "must be empty or networks such as 10.1.0.0/16"),
        ("DeletionProtection", "Perhaps", "must be Yes or No"),
        ("StackShortUuid", "NOT-A-MARK", "must be empty or 4 to 6 lower-case letters and digits"),
        ("Nonsense", "x", "do not exist in the template"),
    ],
)
def test_a_bad_parameter_is_refused_with_its_message(
    cloudformation: Any, name: str, value: str, message: str
) -> None:
    before = cloudformation.describe_stacks(StackName=STACK)["Stacks"]

    with pytest.raises(cloudformation.exceptions.ClientError, match=message) as refused:
        update(cloudformation, **{name: value})

    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert cloudformation.describe_stacks(StackName=STACK)["Stacks"] == before


def test_nothing_to_change_is_said(cloudformation: Any) -> None:
    with pytest.raises(cloudformation.exceptions.ClientError, match="No updates are to be performed"):
        update(cloudformation)


def test_a_stack_that_another_imports_from_stays(engine: Engine, cloudformation: Any) -> None:
    topic = {"DisplayName": {"Fn::ImportValue": "mediawright:ShortUuid"}}
    importer = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": topic}}})
    cloudformation.create_stack(StackName="importer", TemplateBody=importer)

    with pytest.raises(cloudformation.exceptions.ClientError, match="in use by importer"):
        cloudformation.delete_stack(StackName=STACK)

    cloudformation.delete_stack(StackName="importer")
    assert httpx.get(f"{engine.aws.api_url}system/configuration").status_code == 200
