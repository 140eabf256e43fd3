"""The Cognito user pool: who there is, and who is given tokens.

Every call is signed by the function's role: the pool's client takes no password from anybody else. A user is made
with the password as a temporary one, which is made permanent at once. Where that second step is lost, the first
login, which proves the password, takes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.accounts.errors import InvalidCredentials, InvalidToken, KnownUser, RefusedByPool
from chalicelib.aws.clients import client, code
from chalicelib.aws.settings import settings

_DENIED = {"NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException"}
_UNFIT = ("InvalidPasswordException", "InvalidParameterException")
_UNFINISHED = "NEW_PASSWORD_REQUIRED"


@dataclass(frozen=True)
class User:
    """A user as the pool knows it; `id` is the subject of its tokens."""

    id: str
    email: str
    is_active: bool
    created: datetime


@dataclass(frozen=True)
class Tokens:
    """What a user authenticates with (`access`) and gets new ones with (`refresh`)."""

    access: str
    refresh: str


def register(email: str, password: str) -> User:
    """A new user who may log in; raises KnownUser, and RefusedByPool naming the field."""
    from botocore.exceptions import ClientError

    try:
        answer = _idp().admin_create_user(
            UserPoolId=settings().user_pool_id,
            Username=email,
            TemporaryPassword=password,
            UserAttributes=[{"Name": "email", "Value": email}],
            MessageAction="SUPPRESS",
        )
        _make_permanent(email, password)
    except ClientError as error:
        if code(error) == "UsernameExistsException":
            raise KnownUser from error
        if code(error) in _UNFIT:
            raise _refusal(error.response["Error"].get("Message", "")) from error
        raise
    return _user(answer["User"], answer["User"]["Attributes"])


def log_in(email: str, password: str) -> Tokens:
    """Tokens for who knows the password; raises InvalidCredentials."""
    answer = _authenticate("ADMIN_USER_PASSWORD_AUTH", {"USERNAME": email, "PASSWORD": password})
    if answer is not None and answer.get("ChallengeName") == _UNFINISHED:
        # the password is right, and its user was made and not finished
        _make_permanent(email, password)
        answer = _authenticate("ADMIN_USER_PASSWORD_AUTH", {"USERNAME": email, "PASSWORD": password})
    if answer is None or "AuthenticationResult" not in answer:
        raise InvalidCredentials
    result = answer["AuthenticationResult"]
    return Tokens(result["AccessToken"], result["RefreshToken"])


def refresh(token: str) -> Tokens:
    """A new access token for a refresh token, which stays good as long as the pool says; raises InvalidToken."""
    answer = _authenticate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": token})
    if answer is None or "AuthenticationResult" not in answer:
        raise InvalidToken("Invalid refresh token")
    result = answer["AuthenticationResult"]
    return Tokens(result["AccessToken"], result.get("RefreshToken", token))


def read(user_id: str) -> User | None:
    """A user by the subject of its tokens; None when it is gone."""
    from botocore.exceptions import ClientError

    try:
        answer = _idp().admin_get_user(UserPoolId=settings().user_pool_id, Username=user_id)
    except ClientError as error:
        if code(error) != "UserNotFoundException":
            raise
        return None
    return _user(answer, answer["UserAttributes"])


def _refusal(message: str) -> RefusedByPool:
    """What the pool says of a value; it names the parameter of its own."""
    field = "password" if "password" in message.lower() else "email"
    return RefusedByPool(f"{field}: {message}", (field,))


def _authenticate(flow: str, parameters: dict[str, str]) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        answer: dict[str, Any] = _idp().admin_initiate_auth(
            UserPoolId=settings().user_pool_id,
            ClientId=settings().user_pool_client_id,
            AuthFlow=flow,
            AuthParameters=parameters,
        )
    except ClientError as error:
        if code(error) in _DENIED:
            return None
        raise
    return answer


def _make_permanent(email: str, password: str) -> None:
    _idp().admin_set_user_password(
        UserPoolId=settings().user_pool_id, Username=email, Password=password, Permanent=True
    )


def _user(told: dict[str, Any], attributes: list[dict[str, str]]) -> User:
    named = {attribute["Name"]: attribute["Value"] for attribute in attributes}
    return User(named["sub"], named["email"], told["Enabled"], told["UserCreateDate"])


def _idp() -> Any:
    return client("cognito-idp")
