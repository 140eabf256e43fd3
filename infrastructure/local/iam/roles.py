"""Roles as they were deployed: which one a function has, and its policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import moto.awslambda.models as moto_lambda
import moto.iam.models as moto_iam

from infrastructure.local.iam import policies
from infrastructure.local.iam.policies import Policies

_LAMBDA: Any = moto_lambda.lambda_backends
_IAM: Any = moto_iam.iam_backends


class RoleMissing(Exception):
    """A function of the engine has no role, or one that wasn't deployed."""


def role_of(function: str, account: str, region: str) -> tuple[str, bool]:
    """The name of a function's role, and whether the function is the engine's. Raises RoleMissing."""
    versions = _LAMBDA[account][region]._lambdas._functions.get(function)
    if versions is None:
        raise RoleMissing(f"the function {function} isn't deployed")
    latest = versions["latest"]
    return str(latest.role).rpartition("/")[2], str(latest.handler).startswith("app.")


def policies_of(role: str, account: str) -> Policies | None:
    """What a role is granted; None for a role that isn't there or has no policy at all.

    On a laptop such roles are made only to fill in a field.
    """
    for found in tuple(_IAM[account]["aws"].roles.values()):
        if found.name == role:
            documents = tuple(_documents(found))
            return policies.parse(documents) if documents else None
    return None


def _documents(role: Any) -> Iterator[str]:
    yield from role.policies.values()
    yield from map(_document, role.managed_policies.values())


def _document(policy: Any) -> str:
    """A managed policy's default version, of which moto keeps CloudFormation's as data."""
    [document] = [entry.document for entry in policy.versions if entry.version_id == policy.default_version_id]
    return document if isinstance(document, str) else json.dumps(document)


def tags_of(function: str, account: str, region: str) -> dict[str, str]:
    """A function's tags, which cover its versions and aliases; of one that isn't there none."""
    versions = _LAMBDA[account][region]._lambdas._functions.get(function)
    return dict(versions["latest"].tags or {}) if versions else {}
