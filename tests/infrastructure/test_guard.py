"""Our own rules for templates: ours keeps them, and each rule notices what it is there for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure import guard
from infrastructure.template.expand import expanded

ROOT = Path(__file__).resolve().parents[2]
CHECKOV = (ROOT / ".ci" / "checkov.yaml").read_text(encoding="utf-8").splitlines()
Template = dict[str, Any]


@pytest.fixture
def template() -> Template:
    return json.loads(json.dumps(expanded(ROOT)))  # type: ignore[no-any-return]


def first(template: Template, kind: str) -> Template:
    found: Template = next(entry for entry in template["Resources"].values() if entry["Type"] == kind)
    return found


def statements(template: Template) -> list[Any]:
    role = template["Resources"]["APIHandlerRole"]
    found: list[Any] = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def broken(template: Template) -> list[str]:
    return [rule for rule, _ in guard.broken(json.dumps(template))]


def test_our_template_keeps_every_rule(template: Template) -> None:
    assert broken(template) == []


def _wild(template: Template) -> None:
    next(entry for entry in statements(template) if "Action" in entry)["Action"].append("s3:*")


def _wild_under_a_condition(template: Template) -> None:
    found = next(entry for entry in statements(template) if "Fn::If" in entry)
    found["Fn::If"][1]["Action"] = "lambda:*"


def _managed(template: Template) -> None:
    template["Resources"]["APIHandlerRole"]["Properties"]["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/x"]


def _passed_to_anybody(template: Template) -> None:
    next(entry for entry in statements(template) if entry.get("Action") == "iam:PassRole")["Condition"] = {}


def _passing_any_role(template: Template) -> None:
    next(entry for entry in statements(template) if entry.get("Action") == "iam:PassRole")["Resource"] = "*"


def _set(kind: str, **properties: Any) -> Callable[[Template], None]:
    def change(template: Template) -> None:
        first(template, kind)["Properties"].update(properties)

    return change


def _unset(kind: str, name: str) -> Callable[[Template], None]:
    def change(template: Template) -> None:
        del first(template, kind)["Properties"][name]

    return change


def _unretained(template: Template) -> None:
    first(template, "AWS::DynamoDB::Table")["DeletionPolicy"] = "Delete"


def _unlogged(template: Template) -> None:
    del template["Resources"]["DataBucket"]["Properties"]["LoggingConfiguration"]


def _unversioned(template: Template) -> None:
    del template["Resources"]["DataBucket"]["Properties"]["VersioningConfiguration"]


def _no_tls(template: Template) -> None:
    policy = first(template, "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]
    policy["Statement"] = [entry for entry in policy["Statement"] if entry["Effect"] == "Allow"]


def _in_the_clear(template: Template) -> None:
    properties = first(template, "AWS::SQS::Queue")["Properties"]
    for name in ("SqsManagedSseEnabled", "KmsMasterKeyId"):
        properties.pop(name, None)


def _impatient(template: Template) -> None:
    template["Resources"]["SchedulerDeadLetters"]["Properties"]["MessageRetentionPeriod"] = 60


def _every_minute(template: Template) -> None:
    for entry in template["Resources"].values():
        if "ScheduleExpression" in entry.get("Properties", {}):
            entry["Properties"]["ScheduleExpression"] = "rate(1 minute)"


def _provisioned(template: Template) -> None:
    properties = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}
    template["Resources"]["Warm"] = {"Type": "AWS::Lambda::Alias", "Properties": properties}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_wild, "no_wildcard_action"),
        (_wild_under_a_condition, "no_wildcard_action"),
        (_managed, "no_borrowed_policy"),
        (_passed_to_anybody, "roles_are_passed_to_one_service"),
        (_passing_any_role, "roles_are_passed_to_one_service"),
        (_unretained, "tables_are_recoverable"),
        (_unset("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"), "tables_are_recoverable"),
        (_set("AWS::DynamoDB::Table", BillingMode="PROVISIONED"), "tables_are_recoverable"),
        (_unset("AWS::S3::Bucket", "BucketEncryption"), "buckets_are_private_and_encrypted"),
        (_unset("AWS::S3::Bucket", "PublicAccessBlockConfiguration"), "buckets_are_private_and_encrypted"),
        (_unlogged, "users_objects_keep_versions_and_are_watched"),
        (_unversioned, "users_objects_keep_versions_and_are_watched"),
        (_no_tls, "tls_only"),
        (_in_the_clear, "queues_are_encrypted"),
        (_impatient, "dead_letters_are_patient"),
        (_unset("AWS::Logs::LogGroup", "RetentionInDays"), "logs_end"),
        (_unset("AWS::Lambda::Function", "LoggingConfig"), "functions_are_bounded"),
        (_provisioned, "nothing_is_provisioned"),
        (_every_minute, "nothing_polls_often"),
    ],
)
def test_a_rule_notices_what_it_is_there_for(
    template: Template, change: Callable[[Template], None], rule: str
) -> None:
    change(template)

    assert broken(template) == [rule]


@pytest.mark.parametrize("number", [number for number, line in enumerate(CHECKOV) if line.startswith("  - CKV")])
def test_every_check_that_is_skipped_has_its_reason(number: int) -> None:
    assert CHECKOV[number - 1].startswith("  # ")
