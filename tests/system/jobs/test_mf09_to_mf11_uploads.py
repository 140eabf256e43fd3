"""Uploads and what is taken (acceptance rows MF08 to MF11, MF42 and MF43 of the contract)."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import httpx
import pytest

import app  # noqa: F401  mounting the rooms declares their routes
from chalicelib.web.room import ENDPOINTS
from tests.system.conftest import Engine
from tests.system.jobs.conftest import Person, completed, data, detail, picture, queued, somebody

pytestmark = pytest.mark.usefixtures("operators")
GUARDED = [endpoint for endpoint in ENDPOINTS if endpoint.path.startswith("/v1/") and endpoint.guard]
FILE_ROUTES = [
    endpoint for endpoint in GUARDED if "file" in endpoint.files and not endpoint.path.startswith("/v1/image/batch")
]


@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_mf08_every_route_of_users_wants_a_token(engine: Engine, endpoint: Any) -> None:
    path = endpoint.path.lstrip("/").replace("{id}", str(uuid.uuid4()))
    answer = engine.http.request(endpoint.method, path, json={"quality": "wrong too"})

    assert detail(answer, 401) == "Not authenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def upload(person: Person, content: bytes, **asked: Any) -> str:
    """Upload a file by a granted form."""
    grant = data(person.ask("POST", "uploads", json={"filename": "holiday.png", **asked}), 201)
    answer = httpx.post(grant["url"], data=grant["fields"], files={"file": ("x", content)})
    assert answer.status_code in (200, 201, 204), answer.text
    upload_id: str = grant["upload_id"]
    return upload_id


def test_mf09_a_grant_is_for_one_key_and_size_and_type(person: Person) -> None:
    grant = data(person.ask("POST", "uploads", json={"content_type": "image/png", "size": 1000}), 201)

    assert set(grant) == {"upload_id", "url", "fields", "expires_in", "max_bytes"}
    key = f"private/uploads/{person.id}/{grant['upload_id']}"
    assert grant["fields"]["key"] == key
    conditions = json.loads(base64.b64decode(grant["fields"]["policy"]))["conditions"]
    assert {"key": key} in conditions
    assert ["content-length-range", 1, 500 * 1024 * 1024] in conditions
    assert {"Content-Type": "image/png"} in conditions
    assert grant["max_bytes"] == 500 * 1024 * 1024


def test_mf09_what_was_uploaded_is_worked_on_and_its_result_named_after_it(person: Person) -> None:
    upload_id = upload(person, picture())

    job_id = queued(person.ask("POST", "image/convert/webp", json={"upload_id": upload_id}))

    assert completed(person, job_id).startswith(b"RIFF")
    url = data(person.ask("GET", f"jobs/{job_id}"))["result_url"]
    answer = httpx.get(url)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="holiday.webp"'
    assert answer.headers["Content-Type"] == "image/webp"


def test_mf09_a_form_without_a_file_may_refer_to_an_upload(person: Person) -> None:
    upload_id = upload(person, picture())

    queued(person.ask("POST", "image/resize", data={"upload_id": upload_id, "width": "20"}))


def test_mf10_an_upload_that_is_unknown_or_not_there_yet_or_too_large(engine: Engine, person: Person) -> None:
    def ask(upload_id: str) -> httpx.Response:
        return person.ask("POST", "image/convert/webp", json={"upload_id": upload_id})

    detail(ask(str(uuid.uuid4())), 404)
    detail(ask("x"), 404)
    detail(ask(upload(somebody(engine), picture())), 404)
    detail(ask(data(person.ask("POST", "uploads", json={}), 201)["upload_id"]), 409)
    detail(person.ask("POST", "uploads", json={"size": 500 * 1024 * 1024 + 1}), 413)


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("photo.jpg", b"just a text", "image/jpeg"),
        ("photo.png", b"", "image/png"),
        ("photo.png", b"\x89PN", "image/png"),
        ("clip.mkv", b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/latest\n", "video/x-matroska"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        ("clip.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", "image/png"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    ],
)
def test_mf11_what_is_no_picture_by_its_first_bytes_is_refused(
    person: Person, name: str, content: bytes, declared: str
) -> None:
    answer = person.ask("POST", "image/convert/webp", files={"file": (name, content, declared)})

    detail(answer, 415)
    assert person.ask("GET", "jobs").json()["data"]["total"] == 0


def test_mf11_a_picture_by_its_first_bytes_is_taken_whatever_it_is_called(person: Person) -> None:
    queued(person.ask("POST", "image/convert/webp", files={"file": ("notes.txt", picture(), "text/plain")}))


def test_mf11_a_text_that_was_uploaded_is_refused_as_well(person: Person) -> None:
    upload_id = upload(person, b"just a text")

    detail(person.ask("POST", "image/convert/webp", json={"upload_id": upload_id}), 415)


@pytest.mark.parametrize("endpoint", FILE_ROUTES, ids=lambda endpoint: endpoint.path)
def test_mf42_a_file_of_8_mb_is_sent_to_the_uploads(person: Person, endpoint: Any) -> None:
    """That small files work on every route, the rows of the operations show. Above 6 MB it is API Gateway itself that
    refuses, in its own form."""
    answer = person.ask(
        "POST", endpoint.path.removeprefix("/v1/"), files={"file": ("a.png", picture() + bytes(8_000_000))}
    )
    assert answer.status_code == 413
    assert "POST /v1/uploads" in answer.text
    body = {name: str(value) for name, value in endpoint.example.items() if name != "upload_id"}
    answer = person.ask(
        "POST",
        endpoint.path.removeprefix("/v1/"),
        data=body,
        files={"file": ("a.png", picture() + bytes(4 * 1024 * 1024))},
    )
    assert "POST /v1/uploads" in detail(answer, 413)


def test_mf43_pages_of_any_origin_may_ask_and_none_with_credentials(engine: Engine, person: Person) -> None:
    """Which origins: the stack's parameter CorsAllowedOrigins, by default all of them."""
    answer = person.ask("GET", "jobs")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = engine.http.options("v1/jobs", headers={"Origin": "https://page.example"})
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]


def test_a_file_of_somebody_else_is_not_worked_on(engine: Engine, person: Person) -> None:
    other = somebody(engine)
    upload_id = upload(other, picture())
    job_id = queued(other.ask("POST", "image/convert/webp", json={"upload_id": upload_id}))
    completed(other, job_id)
    asset_id = data(other.ask("GET", f"jobs/{job_id}"))["asset_id"]
    keys = [
        f"private/uploads/{other.id}/{upload_id}",
        f"private/assets/{asset_id}/workflows/{job_id}/x.webp",
        f"private/assets/{uuid.uuid4()}/workflows/{job_id}/x.webp",
        f"private/uploads/{person.id}/../{other.id}/{upload_id}",
        f"private/executions/{job_id}/x",
        "definitions/x",
    ]
    for key in keys[:3] + keys[4:]:
        answer = person.ask("POST", "image/convert/webp", json={"S3Bucket": engine.bucket, "S3Key": key})
        detail(answer, 403)
    # a key is no path: this one is the user's own, and there is nothing
    detail(person.ask("POST", "image/convert/webp", json={"S3Bucket": engine.bucket, "S3Key": keys[3]}), 409)
    detail(person.ask("POST", "image/convert/webp", json={"S3Bucket": "another", "S3Key": "x"}), 403)
    detail(person.ask("POST", "image/convert/webp", json={"asset_id": asset_id}), 403)
    detail(person.ask("POST", "image/convert/webp", json={"asset_id": str(uuid.uuid4())}), 404)


def test_an_asset_and_a_result_of_ones_own_are_worked_on_again(engine: Engine, person: Person) -> None:
    job_id = queued(person.ask("POST", "image/convert/webp", files={"file": ("a.png", picture())}))
    completed(person, job_id)
    asset_id = data(person.ask("GET", f"jobs/{job_id}"))["asset_id"]

    again = queued(person.ask("POST", "image/resize", json={"asset_id": asset_id, "width": 20}))
    completed(person, again)
    run = engine.get(again)
    assert run["AssetId"] == asset_id
    place = run["Globals"]["Media"]["Image"]
    queued(person.ask("POST", "image/convert/avif", json=place))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"upload_id": "x", "asset_id": "y"},
        {"S3Bucket": "abc"},
        {"S3Key": "abc"},
        {"upload_id": 7},
        {"upload_id": ["x"]},
        {"upload_id": ""},
        [],
        "x",
        None,
    ],
)
def test_one_file_and_no_more_is_named(person: Person, body: Any) -> None:
    detail(person.ask("POST", "image/convert/webp", json=body), 422)


def test_bodies_that_are_no_form_are_refused(person: Person) -> None:
    for kind, content in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"x"),
        ("application/json", b"{"),
        ("text/plain", b"file"),
        ("image/png", picture()),
    ):
        headers = {**person.headers, "Content-Type": kind}
        answer = person.engine.http.post("v1/image/convert/webp", headers=headers, content=content)
        detail(answer, 422)


def test_two_files_are_one_too_many(person: Person) -> None:
    files = [("file", ("a.png", picture())), ("file", ("b.png", picture()))]
    detail(person.ask("POST", "image/convert/webp", files=files), 422)
    detail(person.ask("POST", "image/convert/webp", files={"picture": ("a.png", picture())}), 422)
