"""User pools of a stack. Where moto grows them, or does as Cognito does, the adapter can go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import moto.cloudformation.parsing as moto_parsing
import moto.cognitoidp.models as moto_users
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.stack import users

PROPERTIES = {
    "UserPoolName": "people",
    "UsernameAttributes": ["email"],
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 6,
            **{f"Require{kind}": False for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols")},
        }
    },
}
EMAIL = "ada@example.com"
ACCOUNT = "123456789012"


@pytest.fixture
def pool() -> Iterator[users.UserPool]:
    with mock_aws():
        yield users.UserPool.create_from_cloudformation_json("x", {"Properties": PROPERTIES}, ACCOUNT, "us-east-1")


def idp() -> Any:
    return boto3.client("cognito-idp", region_name="us-east-1")


def test_moto_has_no_such_resources_of_its_own() -> None:
    known: Any = moto_parsing
    ours = set(users.MODELS.values())

    assert all(known.get_model_map().get(kind) in {None, *ours} for kind in users.MODELS)


def test_a_pool_and_its_client_let_a_user_in(pool: users.UserPool) -> None:
    given = {
        "UserPoolId": pool.physical_resource_id,
        "GenerateSecret": False,
        "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    }
    client = users.UserPoolClient.create_from_cloudformation_json("c", {"Properties": given}, ACCOUNT, "us-east-1")
    where = {"UserPoolId": pool.physical_resource_id}
    idp().admin_create_user(**where, Username=EMAIL, TemporaryPassword="123456", MessageAction="SUPPRESS")
    idp().admin_set_user_password(**where, Username=EMAIL, Password="p" * 256, Permanent=True)

    answer = idp().admin_initiate_auth(
        **where,
        ClientId=client.physical_resource_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": "p" * 256},
    )

    assert answer["AuthenticationResult"]["AccessToken"]
    assert pool.get_cfn_attribute("Arn").endswith(f":userpool/{pool.physical_resource_id}")
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        idp().admin_initiate_auth(
            **where,
            ClientId=client.physical_resource_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": "unknown"},
        )
    client.delete(ACCOUNT, "us-east-1")
    pool.delete(ACCOUNT, "us-east-1")
    assert idp().list_user_pools(MaxResults=10)["UserPools"] == []


@pytest.mark.parametrize("password", ["12345", "p" * 257])
def test_a_temporary_password_keeps_to_the_policy(pool: users.UserPool, password: str) -> None:
    with pytest.raises(ClientError):
        idp().admin_create_user(
            UserPoolId=pool.physical_resource_id,
            Username=EMAIL,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
        )
    assert idp().list_users(UserPoolId=pool.physical_resource_id)["Users"] == []


def test_moto_itself_still_needs_the_mending() -> None:
    original = users._ORIGINAL
    with mock_aws():
        backend: Any = moto_users.cognitoidp_backends[ACCOUNT]["us-east-1"]
        plain = backend.create_user_pool("plain", json.loads(json.dumps(PROPERTIES)))
        users.install()
        original["admin_create_user"](backend, plain.id, EMAIL, "SUPPRESS", "1", [])
        assert plain.users
        with pytest.raises(KeyError):
            original["refresh"](plain, "unknown")
