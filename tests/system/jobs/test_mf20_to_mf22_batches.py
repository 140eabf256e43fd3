"""Many files in one request (acceptance rows MF20 to MF22 of the contract)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.system.jobs.conftest import Person, completed, data, detail, picture

pytestmark = pytest.mark.usefixtures("operators")
ROUTE = "image/batch/convert/webp"


def files(*named: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", entry) for entry in named]


def total(person: Person) -> int:
    found: int = data(person.ask("GET", "jobs"))["total"]
    return found


def test_mf20_each_file_becomes_a_job_in_their_order(person: Person) -> None:
    names = ("b.png", "a.jpg", "c.gif")
    given = files(*((name, picture(kind)) for name, kind in zip(names, ("PNG", "JPEG", "GIF"), strict=True)))
    answer = person.ask("POST", ROUTE, files=given, data={"quality": "70"})

    made = data(answer, 202)
    assert answer.json()["message"] == "3 jobs queued"
    assert made["total"] == 3
    assert [job["filename"] for job in made["jobs"]] == list(names)
    assert all(completed(person, job["job_id"]).startswith(b"RIFF") for job in made["jobs"])


@pytest.mark.parametrize(
    ("kind", "fields", "begin"),
    [("avif", {"quality": "60"}, b"\0\0\0"), ("format", {"output_format": "gif"}, b"GIF8")],
)
def test_mf20_the_other_batch_routes_do_the_same(
    person: Person, kind: str, fields: dict[str, str], begin: bytes
) -> None:
    given = files(("a.png", picture()), ("b.jpg", picture("JPEG")))

    made = data(person.ask("POST", f"image/batch/convert/{kind}", files=given, data=fields), 202)

    assert all(completed(person, job["job_id"]).startswith(begin) for job in made["jobs"])


@pytest.mark.parametrize("count", [0, 21])
def test_mf21_there_are_1_to_20_files(person: Person, count: int) -> None:
    given: Any = files(*((f"{number}.png", picture()) for number in range(count)))
    answer = person.ask("POST", ROUTE, files=given) if count else person.ask("POST", ROUTE, data={"quality": "70"})

    assert detail(answer, 422)[0]["loc"] == ["body", "files"]
    assert total(person) == 0


def test_mf22_one_bad_file_and_no_job_is_made(person: Person) -> None:
    answer = person.ask("POST", ROUTE, files=files(("a.png", picture()), ("b.png", b"text"), ("c.png", picture())))

    assert "'b.png'" in detail(answer, 415)
    assert total(person) == 0


def test_mf22_partially_the_others_become_jobs(person: Person) -> None:
    given = files(("a.png", picture()), ("b.png", b"text"), ("c.png", picture()))
    made = data(person.ask("POST", ROUTE, files=given, data={"partial": "true"}), 202)

    assert made["total"] == 2
    assert [job["status"] for job in made["jobs"]] == ["pending", "rejected", "pending"]
    assert made["jobs"][1]["job_id"] is None
    assert "'b.png'" in made["jobs"][1]["error"]
    assert total(person) == 2


def test_a_parameter_that_is_wrong_refuses_the_whole(person: Person) -> None:
    answer = person.ask("POST", ROUTE, files=files(("a.png", picture())), data={"quality": "101", "partial": "true"})

    detail(answer, 422)
    assert total(person) == 0


def test_the_same_request_twice_makes_the_same_jobs(person: Person) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4()), **person.headers}
    answers = [
        person.engine.http.post(
            f"v1/{ROUTE}", headers=key, files=files(("a.png", picture()), ("b.png", picture("JPEG")))
        )
        for _ in range(2)
    ]

    first, second = (data(answer, 202) for answer in answers)
    assert first == second
    assert total(person) == 2
    other = person.engine.http.post(f"v1/{ROUTE}", headers=key, files=files(("a.png", picture("BMP"))))
    detail(other, 409)
    told = {"webhook_url": "http://127.0.0.1:9/", "webhook_secret": "a secret that signs"}
    same = files(("a.png", picture()), ("b.png", picture("JPEG")))
    detail(person.engine.http.post(f"v1/{ROUTE}", headers=key, files=same, data=told), 409)


def test_uploads_make_a_batch_too(person: Person) -> None:
    ids, names = [], ["a.png", "b.png"]
    for name in names:
        grant = data(person.ask("POST", "uploads", json={"filename": name}), 201)
        person.engine.aws.client("s3").put_object(
            Bucket=person.engine.bucket, Key=grant["fields"]["key"], Body=picture()
        )
        ids.append(grant["upload_id"])

    made = data(person.ask("POST", ROUTE, json={"upload_ids": ids}), 202)

    assert [job["filename"] for job in made["jobs"]] == names
    missing = data(person.ask("POST", "uploads", json={}), 201)["upload_id"]
    detail(person.ask("POST", ROUTE, json={"upload_ids": [ids[0], missing]}), 409)
    assert total(person) == 2
