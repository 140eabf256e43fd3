"""Cognito's user pools and their clients as resources of a stack: moto has the service and not these."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import moto.cognitoidp.models as moto_users
from moto.core.common_models import CloudFormationModel

from infrastructure.local.clock import CLOCK

_USERS: Any = moto_users
_BACKEND: Any = moto_users.CognitoIdpBackend
_POOL: Any = moto_users.CognitoIdpUserPool
_ORIGINAL: dict[str, Any] = {}


class UserPool(CloudFormationModel):
    """A user pool."""

    def __init__(self, pool: Any, backend: Any) -> None:
        self._pool = pool
        self._backend = backend

    @property
    def physical_resource_id(self) -> str:
        """The pool's id."""
        return str(self._pool.id)

    @staticmethod
    def cloudformation_type() -> str:
        """AWS's name of the type."""
        return "AWS::Cognito::UserPool"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> UserPool:
        """What moto calls for each resource."""
        install()
        backend = _USERS.cognitoidp_backends[account_id][region_name]
        given = _with_longest(dict(cloudformation_json["Properties"]))
        return cls(backend.create_user_pool(given.pop("UserPoolName", resource_name), given), backend)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Which attributes may be asked for."""
        return attr in ("Arn", "UserPoolId")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """The value of an attribute."""
        return str(self._pool.arn if attribute_name == "Arn" else self._pool.id)

    def update_in_stack(self, _before: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Give the pool these properties."""
        self._backend.update_user_pool(self._pool.id, {k: v for k, v in wanted.items() if k != "UserPoolName"})

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Delete the pool with its users."""
        self._backend.delete_user_pool(self._pool.id)


class UserPoolClient(CloudFormationModel):
    """What users log in through."""

    def __init__(self, client: Any, pool_id: str, backend: Any) -> None:
        self._client = client
        self._pool_id = pool_id
        self._backend = backend

    @property
    def physical_resource_id(self) -> str:
        """The client's id."""
        return str(self._client.id)

    @staticmethod
    def cloudformation_type() -> str:
        """AWS's name of the type."""
        return "AWS::Cognito::UserPoolClient"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> UserPoolClient:
        """What moto calls for each resource."""
        backend = _USERS.cognitoidp_backends[account_id][region_name]
        given = {"ClientName": resource_name, **cloudformation_json["Properties"]}
        pool_id, secret = given.pop("UserPoolId"), given.pop("GenerateSecret", False)
        return cls(backend.create_user_pool_client(pool_id, secret, given), pool_id, backend)

    def update_in_stack(self, _before: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Give the client these properties."""
        kept = {name: value for name, value in wanted.items() if name not in ("UserPoolId", "GenerateSecret")}
        self._backend.update_user_pool_client(self._pool_id, self._client.id, kept)

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Delete the client."""
        self._backend.delete_user_pool_client(self._pool_id, self._client.id)


MODELS: dict[str, Any] = {model.cloudformation_type(): model for model in (UserPool, UserPoolClient)}


def _with_longest(properties: dict[str, Any]) -> dict[str, Any]:
    """Cognito takes passwords of up to 256 characters, moto of fewer than a maximum that it finds in the policy."""
    policies = properties.get("Policies", {})
    policy = {**policies.get("PasswordPolicy", {}), "MaximumLength": 257}
    return {**properties, "Policies": {**policies, "PasswordPolicy": policy}}


def install() -> None:
    """Make moto's user pools do what Cognito's do; again is harmless.

    Tokens are dated by the embedded AWS's clock, since the engine, which judges them, asks that one. A temporary
    password keeps to the pool's policy, too, and an unknown refresh token is refused.
    """
    _USERS.time = SimpleNamespace(time=CLOCK.now)
    if _ORIGINAL:
        return
    _ORIGINAL["admin_create_user"] = _BACKEND.admin_create_user
    _BACKEND.admin_create_user = _admin_create_user
    _ORIGINAL["refresh"] = _POOL.create_tokens_from_refresh_token
    _POOL.create_tokens_from_refresh_token = _refreshed


def _admin_create_user(
    backend: Any, user_pool_id: str, username: str, message_action: str, temporary_password: str, attributes: Any
) -> Any:
    if temporary_password:
        backend._validate_password(user_pool_id, temporary_password)
    return _ORIGINAL["admin_create_user"](
        backend, user_pool_id, username, message_action, temporary_password, attributes
    )


def _refreshed(pool: Any, refresh_token: str) -> Any:
    if refresh_token not in pool.refresh_tokens:
        raise _USERS.NotAuthorizedError("Invalid Refresh Token")
    return _ORIGINAL["refresh"](pool, refresh_token)
