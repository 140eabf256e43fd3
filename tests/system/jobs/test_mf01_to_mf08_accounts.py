"""Accounts (acceptance rows MF01 to MF08 of the contract). Passwords and tokens are Cognito's."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.jobs.conftest import PASSWORD, Person, address, data, detail

INVALID = {"email": "nobody", "password": PASSWORD}


def test_mf01_registering_answers_a_user_and_tokens(engine: Engine) -> None:
    answer = engine.http.post("v1/auth/register", json={"email": address(), "password": PASSWORD})

    registered = data(answer, 201)
    assert answer.json()["message"] == "Registration successful"
    assert str(uuid.UUID(registered["user"]["id"])) == registered["user"]["id"]
    assert registered["user"]["is_active"] is True
    assert registered["tokens"]["token_type"] == "bearer"
    assert set(registered["tokens"]) == {"access_token", "refresh_token", "token_type"}


def test_mf02_an_address_is_registered_once_in_whatever_case(engine: Engine, person: Person) -> None:
    for email in (person.email, person.email.upper()):
        answer = engine.http.post("v1/auth/register", json={"email": email, "password": PASSWORD})

        assert detail(answer, 409) == "Email already registered"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (INVALID, "email"),
        ({"email": "a@b", "password": PASSWORD}, "email"),
        ({"email": "a b@example.com", "password": PASSWORD}, "email"),
        ({"email": "a@example.com\n", "password": PASSWORD}, "email"),
        ({"password": PASSWORD}, "email"),
        ({"email": "a@example.com"}, "password"),
        ({"email": "a@example.com", "password": ""}, "password"),
        ({"email": "a@example.com", "password": 12345678}, "password"),
        ({"email": "a@example.com", "password": "with spaces"}, "password"),
        ({"email": "a@example.com", "password": "newline\n"}, "password"),
        ({"email": "a@example.com", "password": "p" * 257}, "password"),
        ({"email": "a" * 120 + "@example.com", "password": PASSWORD}, "email"),
        ({"email": ["a@example.com"], "password": PASSWORD}, "email"),
        ([], "body"),
    ],
)
def test_mf03_bad_input_names_the_field(engine: Engine, body: Any, field: str) -> None:
    wrong = detail(engine.http.post("v1/auth/register", json=body), 422)

    assert wrong[0]["loc"][-1] == field
    assert "with spaces" not in str(wrong), "a password isn't repeated"


def test_mf03_a_password_of_100_bytes_is_taken_and_one_of_5_is_not(engine: Engine) -> None:
    """Decided otherwise: the reference has no rule for passwords, Cognito wants six characters."""
    answer = engine.http.post("v1/auth/register", json={"email": address(), "password": "p" * 100})
    data(answer, 201)

    email = address()
    short = engine.http.post("v1/auth/register", json={"email": email, "password": "12345"})
    assert detail(short, 422)[0]["loc"] == ["body", "password"]
    data(engine.http.post("v1/auth/register", json={"email": email, "password": "123456"}), 201)


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_mf04_a_form_logs_in_and_its_answer_is_flat(engine: Engine, person: Person, kind: str) -> None:
    form = {"username": person.email.upper(), "password": PASSWORD}
    options: dict[str, Any] = {"data": form}
    if kind == "multipart":
        options = {"files": {name: (None, value) for name, value in form.items()}}

    tokens = data(engine.http.post("v1/auth/login", **options), flat=True)

    assert set(tokens) == {"access_token", "refresh_token", "token_type"}
    assert tokens["token_type"] == "bearer"


def test_mf04_json_does_not_log_in(engine: Engine, person: Person) -> None:
    detail(engine.http.post("v1/auth/login", json={"username": person.email, "password": PASSWORD}), 422)


def test_mf05_a_wrong_password_is_told_as_an_unknown_user_is(engine: Engine, person: Person) -> None:
    answers = [
        engine.http.post("v1/auth/login", data={"username": email, "password": "another-one"})
        for email in (person.email, address())
    ]

    assert [detail(answer, 401) for answer in answers] == ["Invalid credentials"] * 2
    assert all(answer.headers["WWW-Authenticate"] == "Bearer" for answer in answers)


def test_mf06_a_user_is_told_who_they_are(person: Person) -> None:
    user = data(person.ask("GET", "auth/me"))

    assert (user["id"], user["email"]) == (person.id, person.email)


def test_mf06_what_is_no_access_token_of_ours_opens_nothing(engine: Engine, person: Person) -> None:
    access = person.tokens["access_token"]
    head, claims, signature = access.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**told, "sub": str(uuid.uuid4())}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    tokens = [
        "garbage",
        person.tokens["refresh_token"],
        f"{head}.{forged}.{signature}",
        f"{unsigned}.{claims}.",
        f"{access} {access}",
        "",
    ]
    for token in tokens:
        answer = engine.http.get("v1/auth/me", headers={"Authorization": f"Bearer {token}".strip()})

        detail(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert engine.http.get("v1/auth/me").status_code == 401


def test_mf06_an_inactive_user_is_refused(engine: Engine, person: Person) -> None:
    pool = engine.aws.outputs["UserPoolId"]
    engine.aws.client("cognito-idp").admin_disable_user(UserPoolId=pool, Username=person.email)

    assert detail(person.ask("GET", "auth/me"), 403) == "Inactive user"


def test_mf07_a_refresh_token_gets_a_new_pair(engine: Engine, person: Person) -> None:
    """Decided otherwise: Cognito's refresh token stays the same, and good until it expires or is revoked."""
    answer = engine.http.post("v1/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]})

    tokens = data(answer)
    assert answer.json()["message"] == "Token refreshed"
    person.tokens = tokens
    data(person.ask("GET", "auth/me"))
    again = engine.http.post("v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    data(again)


@pytest.mark.parametrize("token", ["access", "garbage"])
def test_mf07_nothing_else_refreshes(engine: Engine, person: Person, token: str) -> None:
    given = person.tokens["access_token"] if token == "access" else token
    detail(engine.http.post("v1/auth/refresh", json={"refresh_token": given}), 401)


def test_a_registration_that_was_cut_short_is_finished_by_the_first_login(engine: Engine) -> None:
    """A user was made, and what should have made its password permanent never came."""
    email, pool = address(), engine.aws.outputs["UserPoolId"]
    engine.aws.client("cognito-idp").admin_create_user(
        UserPoolId=pool,
        Username=email,
        TemporaryPassword=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": email}],
        MessageAction="SUPPRESS",
    )

    detail(engine.http.post("v1/auth/register", json={"email": email, "password": "another-one"}), 409)
    detail(engine.http.post("v1/auth/login", data={"username": email, "password": "another-one"}), 401)
    data(engine.http.post("v1/auth/login", data={"username": email, "password": PASSWORD}), flat=True)
