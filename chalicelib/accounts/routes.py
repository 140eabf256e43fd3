"""`/v1/auth`: accounts of those who use the media jobs."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts import email, examples, pool, tokens
from chalicelib.accounts.errors import InactiveUser, InvalidCredentials, InvalidToken
from chalicelib.accounts.pool import Tokens, User
from chalicelib.aws import clock
from chalicelib.aws.settings import settings
from chalicelib.web import forms, limits
from chalicelib.web.envelope import MEDIAFLOW, enveloped
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__, MEDIAFLOW)


@routes.endpoint(
    "POST",
    "/v1/auth/register",
    summary="Register an account and log in",
    request="accounts/register",
    response="accounts/registered",
    errors=(409, 422, 429),
    example=examples.REGISTER,
    answer_example=examples.REGISTERED,
    signed=False,
    status=201,
)
def register(request: Request) -> Answer:
    _count(request, "/v1/auth/register")
    address, password = email.folded(request.body["email"], "email"), request.body["password"]
    user = pool.register(address, password)
    given = pool.log_in(address, password)
    return enveloped({"user": _user(user), "tokens": _tokens(given)}, "Registration successful", 201)


@routes.endpoint(
    "POST",
    "/v1/auth/login",
    summary="Log in with a form of username and password",
    request="accounts/login",
    response="accounts/tokens",
    errors=(401, 422, 429),
    example=examples.LOGIN,
    answer_example=examples.TOKENS,
    signed=False,
    content=(forms.URLENCODED, forms.MULTIPART),
)
def login(request: Request) -> Any:
    _count(request, "/v1/auth/login")
    name = request.body["username"]
    if not email.is_address(name):
        # nobody is registered under it; the pool has other names of users, and refuses some texts in other words
        raise InvalidCredentials
    return _tokens(pool.log_in(name.lower(), request.body["password"]))


@routes.endpoint(
    "POST",
    "/v1/auth/refresh",
    summary="Get a new access token",
    request="accounts/refresh",
    response="accounts/refreshed",
    errors=(401, 422, 429),
    example=examples.REFRESH,
    answer_example=examples.REFRESHED,
    signed=False,
)
def refresh(request: Request) -> Answer:
    _count(request, "/v1/auth/refresh")
    return enveloped(_tokens(pool.refresh(request.body["refresh_token"])), "Token refreshed")


@routes.endpoint(
    "GET",
    "/v1/auth/me",
    summary="Tell who is logged in",
    response="accounts/me",
    errors=(403,),
    answer_example=examples.ME,
    signed=False,
    guard=tokens.bearer,
)
def me(request: Request) -> Answer:
    user = pool.read(request.user)
    if user is None:
        raise InvalidToken("Could not validate credentials")
    if not user.is_active:
        raise InactiveUser
    return enveloped(_user(user))


def _count(request: Request, route: str) -> None:
    """Nobody has logged in yet: what is counted is an address."""
    limits.count(f"address/{request.source}", route, settings().job_limits["account"])


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "is_active": user.is_active,
        "created_at": clock.iso(user.created.timestamp()),
    }


def _tokens(given: Tokens) -> dict[str, str]:
    return {"access_token": given.access, "refresh_token": given.refresh, "token_type": "bearer"}
