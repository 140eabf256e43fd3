from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.iam import guard
from infrastructure.local.iam.actions import compute, table
from infrastructure.local.iam.callers import calling_as
from infrastructure.local.iam.denials import DENIALS, Denial
from infrastructure.local.iam.guard import Guard
from infrastructure.local.iam.roles import RoleMissing

ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
BUCKET = "arn:aws:s3:::media"


def client(service: str) -> Any:
    made: Any = boto3.client
    return made(service, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")


def grant(*statements: dict[str, Any]) -> None:
    """Let the role have these statements and no others."""
    whole = [{"Effect": "Allow", **statement} for statement in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": whole})
    client("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    """A function `f` with the role `r`, a bucket with an object, and the guard."""
    with mock_aws():
        client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        client("lambda").create_function(
            FunctionName="f", Runtime="python3.12", Role=ROLE, Handler="app.h", Code={"ZipFile": code.getvalue()}
        )
        client("s3").create_bucket(Bucket="media")
        client("s3").put_object(Bucket="media", Key="there", Body=b"x")
        grant({"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"})
        standing = Guard()
        try:
            yield
        finally:
            standing.stop()


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_granted_call_passes_and_leaves_no_record() -> None:
    with calling_as("f"):
        assert client("s3").get_object(Bucket="media", Key="there")["Body"].read() == b"x"

    assert DENIALS.take() == []


def test_a_call_that_is_not_granted_is_refused_as_the_service_does_and_recorded() -> None:
    with calling_as("f"), pytest.raises(ClientError) as error:
        client("dynamodb").get_item(TableName="t", Key={"Id": {"S": "x"}})

    assert code_of(error) == "AccessDeniedException"
    assert error.value.response["Error"]["Message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: dynamodb:GetItem on resource:"
        " arn:aws:dynamodb:us-east-1:123456789012:table/t because no identity-based policy allows the"
        " dynamodb:GetItem action"
    )
    assert DENIALS.take() == [Denial("r", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/t")]


@pytest.mark.parametrize(
    ("service", "method", "parameters", "code", "status"),
    [
        ("s3", "put_object", {"Bucket": "media", "Key": "k"}, "AccessDenied", 403),
        ("s3", "head_bucket", {"Bucket": "media"}, "403", 403),
        ("sns", "unsubscribe", {"SubscriptionArn": "a"}, "AuthorizationError", 403),
        ("lambda", "get_function", {"FunctionName": "f"}, "AccessDeniedException", 403),
        ("stepfunctions", "send_task_success", {"taskToken": "t", "output": "1"}, "AccessDeniedException", 400),
    ],
)
def test_each_service_refuses_in_its_own_words(
    service: str, method: str, parameters: dict[str, Any], code: str, status: int
) -> None:
    with calling_as("f"), pytest.raises(ClientError) as error:
        getattr(client(service), method)(**parameters)

    assert code_of(error) == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(DENIALS.take()) == 1


def test_without_the_right_to_list_a_missing_object_is_forbidden() -> None:
    with calling_as("f"), pytest.raises(ClientError) as error:
        client("s3").get_object(Bucket="media", Key="gone")
    assert code_of(error) == "AccessDenied"
    assert DENIALS.take() == [Denial("r", "s3:ListBucket", BUCKET)]

    grant({"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}, {"Action": "s3:ListBucket", "Resource": BUCKET})
    with calling_as("f"), pytest.raises(ClientError) as error:
        client("s3").get_object(Bucket="media", Key="gone")
    assert code_of(error) == "NoSuchKey"
    assert DENIALS.take() == []


def test_a_changed_policy_counts_at_once() -> None:
    grant({"Action": "s3:PutObject", "Resource": f"{BUCKET}/mine/*"})
    with calling_as("f"):
        client("s3").put_object(Bucket="media", Key="mine/1", Body=b"")
        with pytest.raises(ClientError):
            client("s3").get_object(Bucket="media", Key="there")

    assert len(DENIALS.take()) == 1


def test_tests_and_aws_itself_are_not_asked() -> None:
    client("s3").list_objects_v2(Bucket="media")

    assert DENIALS.take() == []


def test_threads_that_a_function_starts_are_the_functions() -> None:
    def read() -> str:
        try:
            client("s3").list_objects_v2(Bucket="media")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "granted"

    found: list[str] = []
    with calling_as("f"):
        thread = threading.Thread(target=lambda: found.append(read()))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            found.append(pool.submit(read).result())
    free = threading.Thread(target=lambda: found.append(read()))
    free.start()
    free.join()

    assert found == ["AccessDenied", "AccessDenied", "granted"]
    assert len(DENIALS.take()) == 2


def test_an_operation_that_the_table_does_not_know_is_never_allowed() -> None:
    with calling_as("f"), pytest.raises(table.UnknownOperation):
        client("dynamodb").list_tables()

    assert [denial.action for denial in DENIALS.take()] == [
        "dynamodb.ListTables: add its actions to infrastructure/local/iam/actions"
    ]


def test_a_function_without_a_deployed_role_is_an_error() -> None:
    with calling_as("g"), pytest.raises(RoleMissing, match="g isn't deployed"):
        client("s3").list_objects_v2(Bucket="media")
    client("iam").delete_role_policy(RoleName="r", PolicyName="p")
    with calling_as("f"), pytest.raises(RoleMissing, match="grants nothing"):
        client("s3").list_objects_v2(Bucket="media")


def test_a_user_s_function_whose_role_has_no_policy_is_not_held_to_it() -> None:
    client("lambda").update_function_configuration(FunctionName="f", Handler="kit.h")
    client("iam").delete_role_policy(RoleName="r", PolicyName="p")

    with calling_as("f"):
        client("s3").list_objects_v2(Bucket="media")

    assert DENIALS.take() == []


@pytest.mark.parametrize("qualifier", ["", ":live", ":$LATEST"])
def test_a_function_s_tags_count_for_its_versions_and_aliases(qualifier: str) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/mediawright": "stack"}}
    resource = "arn:aws:lambda:us-east-1:123456789012:function:*"
    grant({"Action": "lambda:InvokeFunction", "Resource": resource, "Condition": tagged})
    request = compute.invoking(FUNCTION + qualifier)

    assert "lambda:InvokeFunction" in (guard.refused(ROLE, "run", request) or "")
    client("lambda").tag_resource(Resource=FUNCTION, Tags={"mediawright": "stack"})
    assert guard.refused(ROLE, "run", request) is None
    assert DENIALS.take() == [Denial("r", "lambda:InvokeFunction", FUNCTION + qualifier)]


def test_a_role_that_nobody_gave_a_policy_is_not_held_to_it() -> None:
    assert guard.refused("arn:aws:iam::123456789012:role/unknown", "run", compute.invoking(FUNCTION)) is None
