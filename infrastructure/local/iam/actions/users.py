"""Cognito's user pools, and mail by SES."""

from __future__ import annotations

from functools import partial

from infrastructure.local.iam.actions.place import Asks, Parameters, Place, keys, names
from infrastructure.local.iam.policies import Request


def _pool(parameters: Parameters, place: Place) -> str:
    return place.arn("cognito-idp", f"userpool/{parameters['UserPoolId']}")


def _send(parameters: Parameters, place: Place) -> list[Request]:
    sender = parameters["FromEmailAddress"]
    identity = place.arn("ses", f"identity/{sender}")
    return [Request("ses:SendEmail", identity, partial(keys, **{"ses__FromAddress": sender}))]


COGNITO: dict[str, Asks] = names(
    "cognito-idp", "AdminCreateUser AdminSetUserPassword AdminInitiateAuth AdminGetUser AdminDisableUser", _pool
)
MAIL: dict[str, Asks] = {"SendEmail": _send}
