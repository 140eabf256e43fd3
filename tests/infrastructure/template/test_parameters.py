"""Every parameter refuses what doesn't fit, and every old name is there."""

from __future__ import annotations

import re
from typing import Any

import pytest

Template = dict[str, Any]

OLD = {
    "MaxConcurrentWorkflows": "5",
    "DeployAnalyticsPipeline": "No",
    "EnableXrayTrace": "No",
    "ExternalBucketArn": "",
    "DeployTestResources": "No",
}
YES_OR_NO = [
    "DeletionProtection",
    "DeployAnalyticsPipeline",
    "DeployDashboard",
    "DeployMediaOperators",
    "DeployTestResources",
    "EnableXrayTrace",
    "RegisterMediaOperations",
]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-aaaa-bbbb-cccc-0123456789ab"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:mine"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOD = {
    "MaxConcurrentWorkflows": ["1", "5", "10", "9999"],
    "RetentionDays": ["0", "1", "99", "365", "2999", "3599", "3650"],
    "AlarmEmail": ["", "a@b.example", "first.last+tag@sub.example.com"],
    "CorsAllowedOrigins": ["*", "https://app.example.com", "http://localhost:3000"],
    "LogRetentionDays": ["1", "30", "365", "3653"],
    "KmsKeyArn": ["", KEY, KEY.replace("aws:", "aws-cn:", 1)],
    "OperatorFunctionArns": ["", FUNCTION, FUNCTION + ":live", FUNCTION + ":$LATEST"],
    "ExternalBucketArn": ["", "arn:aws:s3:::other-bucket", "arn:aws:s3:::other-bucket/some/prefix"],
    "WebhookAllowedNetworks": ["", "10.1.0.0/16", "127.0.0.1/32", "fd00::/8", "::1/128"],
    "OperatorGrants": ["automatic", "manual"],
    "OperatorImageUri": ["", f"{REGISTRY}/operators:1", f"{REGISTRY}/a/b@sha256:{'0' * 64}"],
    "StackShortUuid": ["", "ab12", "ab12cd"],
    "MaxUploadMegabytes": ["1", "99", "500", "999", "1000", "7999", "8000", "8099", "8100", "8189", "8190", "8192"],
    "JobLimits": ["image=1", "batch=999999", "account=5"],
    "JobSources": ["", "a-bucket/", "a-bucket/some/prefix/"],
    "NotificationSender": ["", "jobs@example.com"],
}
BAD = {
    "OperatorImageUri": [
        "ffmpeg",
        "docker.io/me/operators:1",
        REGISTRY,
        f"{REGISTRY}/operators",
        f"{REGISTRY}/a b:1",
    ],
    "MaxConcurrentWorkflows": ["0", "-1", "1.5", "05", "10000", "many", "", "5\n"],
    "RetentionDays": ["-1", "1.5", "00", "3651", "9999", "for ever", ""],
    "AlarmEmail": ["me", "a@b", "a b@c.example", "a@b.example,c@d.example", "<a@b.example>"],
    "CorsAllowedOrigins": ["", "app.example.com", "https://app.example.com/", "https://a b", "javascript:x", "'"],
    "LogRetentionDays": ["0", "2", "31", "1.5", "x"],
    "KmsKeyArn": ["alias/mine", KEY.replace(":key/", ":alias/"), KEY + "*", "0f1e2d3c-aaaa-bbbb-cccc-0123456789ab"],
    "OperatorFunctionArns": ["mine", "*", FUNCTION + "*", FUNCTION.replace("mine", "*")],
    "ExternalBucketArn": ["other-bucket", "arn:aws:s3:::*", "*"],
    "WebhookAllowedNetworks": ["example.com", "*", "10.1.0.0", "127.0.0.0/33", "127.0.0.0/99", "fd00::/129"],
    "OperatorGrants": ["Automatic", ""],
    "StackShortUuid": ["AB12", "abc", "abcdefg"],
    "MaxUploadMegabytes": ["0", "-1", "1.5", "0500", "8193", "8200", "8900", "9000", "10000", ""],
    "JobLimits": ["", "30", "image=0", "image=-1", "image", "audio=3", "image=30;batch=1"],
    "JobSources": ["a-bucket", "*", "/", "s3://a-bucket/"],
    "NotificationSender": ["jobs", "a b@example.com", "@example.com"],
} | {name: ["yes", "true", ""] for name in YES_OR_NO}


def accepts(parameter: dict[str, Any], value: str) -> bool:
    """What CloudFormation does with one value (of a list, with each)."""
    allowed = parameter.get("AllowedValues")
    if allowed is not None and value not in [str(entry) for entry in allowed]:
        return False
    pattern = parameter.get("AllowedPattern")
    return pattern is None or re.fullmatch(pattern, value) is not None


def test_the_old_names_are_there_with_their_defaults(template: Template) -> None:
    assert {name: template["Parameters"][name]["Default"] for name in OLD} == OLD


def test_every_parameter_says_what_it_takes_and_takes_its_default(template: Template) -> None:
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"], name
        assert parameter["ConstraintDescription"].startswith("must be "), name
        assert "AllowedPattern" in parameter or "AllowedValues" in parameter, name
        assert accepts(parameter, str(parameter["Default"])), name


def test_every_parameter_is_tried_with_bad_values(template: Template) -> None:
    assert set(BAD) == set(template["Parameters"])


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_good_values_pass(template: Template, name: str, value: str) -> None:
    assert accepts(template["Parameters"][name], value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_bad_values_are_refused_before_anything_is_made(template: Template, name: str, value: str) -> None:
    assert not accepts(template["Parameters"][name], value)


def test_a_key_encrypts_all_that_keeps_data(template: Template) -> None:
    resources = template["Resources"].values()
    key = {"Ref": "KmsKeyArn"}

    for resource in resources:
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::DynamoDB::Table":
            given = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
            assert properties["SSESpecification"]["Fn::If"] == ["HasKmsKey", given, {"SSEEnabled": False}]
        if resource["Type"] in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
            assert properties["KmsMasterKeyId"]["Fn::If"][:2] == ["HasKmsKey", key]
        if resource["Type"] == "AWS::SQS::Queue":
            assert properties["SqsManagedSseEnabled"]["Fn::If"][2] is True


def test_whoever_reads_or_writes_is_let_through_by_the_key(template: Template) -> None:
    resources = template["Resources"]
    functions = [entry for entry in resources.values() if entry["Type"] == "AWS::Serverless::Function"]
    engine = {entry["Properties"]["Role"]["Fn::GetAtt"][0] for entry in functions}

    for name in engine | {"BatchMachineRole", "TriggerScheduleRole"}:
        policies = [policy["PolicyDocument"]["Statement"] for policy in resources[name]["Properties"]["Policies"]]
        conditional = [entry["Fn::If"] for statements in policies for entry in statements if "Fn::If" in entry]
        [key] = [statement for condition, statement, _ in conditional if condition == "HasKmsKey"]
        assert key["Resource"] == {"Ref": "KmsKeyArn"}, name
        assert "kms:ViaService" in key["Condition"]["StringEquals"]


def test_all_log_groups_are_kept_for_as_long_as_the_parameter_says(template: Template) -> None:
    groups = [entry for entry in template["Resources"].values() if entry["Type"] == "AWS::Logs::LogGroup"]

    assert groups
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)


def test_origins_reach_the_bucket_the_functions_and_the_apis_own_answers(template: Template) -> None:
    [rule] = template["Resources"]["DataBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    api = template["Resources"]["RestAPI"]["Properties"]
    variables = template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    one = {"Fn::If": ["HasOneOrigin", {"Fn::Select": [0, {"Ref": "CorsAllowedOrigins"}]}, "*"]}

    assert rule["AllowedOrigins"] == {"Ref": "CorsAllowedOrigins"}
    assert variables["CORS_ALLOWED_ORIGINS"] == {"Fn::Join": [",", {"Ref": "CorsAllowedOrigins"}]}
    header = {"Fn::Sub": ["'${Origin}'", {"Origin": one}]}
    own = [answer["ResponseParameters"]["Headers"] for answer in api["GatewayResponses"].values()]
    assert all(headers["Access-Control-Allow-Origin"] == header for headers in own)
    preflights = [methods["options"] for methods in api["DefinitionBody"]["paths"].values() if "options" in methods]
    for preflight in preflights:
        [answer] = preflight["x-amazon-apigateway-integration"]["responses"].values()
        assert answer["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == header


def test_the_log_bucket_takes_the_data_buckets_logs_and_nothing_else(template: Template) -> None:
    data, logs = (template["Resources"][name]["Properties"] for name in ("DataBucket", "LogBucket"))
    tls, delivery = template["Resources"]["LogBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert data["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": "LogBucket"},
        "LogFilePrefix": "data-bucket/",
    }
    assert all(logs["PublicAccessBlockConfiguration"].values())
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": {"Fn::GetAtt": ["DataBucket", "Arn"]}},
    }
    [expiry] = [rule for rule in logs["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert expiry["ExpirationInDays"] == {"Ref": "LogRetentionDays"}
