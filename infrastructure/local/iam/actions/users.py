"""Cognito's user pools, and mail by SES."""

from __future__ import annotations

from infrastructure.local.iam.actions.place import Asks, Parameters, Place, names


def _pool(parameters: Parameters, place: Place) -> str:
    return place.arn("cognito-idp", f"userpool/{parameters['UserPoolId']}")


def _identity(parameters: Parameters, place: Place) -> str:
    return place.arn("ses", f"identity/{parameters['FromEmailAddress']}")


COGNITO: dict[str, Asks] = names(
    "cognito-idp", "AdminCreateUser AdminSetUserPassword AdminInitiateAuth AdminGetUser AdminDisableUser", _pool
)
MAIL: dict[str, Asks] = names("ses", "SendEmail", _identity)
