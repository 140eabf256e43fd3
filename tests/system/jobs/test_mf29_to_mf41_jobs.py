"""Jobs themselves (acceptance rows MF29 to MF41 of the contract)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from infrastructure.local.clock import CLOCK
from tests.chalicelib.events.receiver import Receiver, receiving
from tests.system.conftest import SENDER, Engine
from tests.system.jobs.conftest import Person, completed, data, detail, ended, picture, queued, somebody

pytestmark = pytest.mark.usefixtures("operators")
VIEW = {
    "id", "user_id", "status", "job_type", "result_url", "result_expired", "progress", "error", "created_at",
    "updated_at",
}  # fmt: skip


def convert(person: Person, **fields: str) -> str:
    return queued(person.ask("POST", "image/convert/webp", files={"file": ("photo.png", picture())}, data=fields))


def view(person: Person, job_id: str) -> dict[str, object]:
    found: dict[str, object] = data(person.ask("GET", f"jobs/{job_id}"))
    return found


@pytest.fixture
def stopped(engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """The engine while it admits nothing: its only slot is taken by a run that takes a while."""
    workflow = engine.workflow([engine.operation("nap", Seconds=4, Log=str(tmp_path / "naps"))])
    engine.cap(1)
    holder = engine.start(workflow)
    engine.until(lambda: engine.get(holder), lambda run: run["Status"] == "Started")
    yield engine
    engine.cap(50)
    engine.ended(holder)


def test_mf29_a_job_shows_its_ten_fields_and_its_result(person: Person) -> None:
    """Decided otherwise: an eleventh field, `asset_id`, names what other jobs may work on; times end in Z."""
    job_id = convert(person)
    completed(person, job_id)

    job = data(person.ask("GET", f"jobs/{job_id}"))
    assert set(job) == VIEW | {"asset_id"}
    assert job["id"] == job_id
    assert job["user_id"] == person.id
    assert (job["job_type"], job["result_expired"], job["error"]) == ("image_convert_webp", False, None)
    assert datetime.fromisoformat(job["created_at"]) <= datetime.fromisoformat(job["updated_at"])
    answer = httpx.get(job["result_url"])
    assert answer.headers["Content-Type"] == "image/webp"
    assert 'filename="photo.webp"' in answer.headers["Content-Disposition"]


def test_mf29_there_is_no_result_before_the_end(stopped: Engine, person: Person) -> None:
    job = view(person, convert(person))

    assert (job["status"], job["result_url"], job["progress"]) == ("pending", None, None)


def test_mf30_nobody_reads_or_cancels_the_job_of_another(engine: Engine, person: Person) -> None:
    job_id = convert(person)
    other = somebody(engine)

    for method in ("GET", "DELETE"):
        detail(other.ask(method, f"jobs/{job_id}"), 403)
        detail(other.ask(method, f"jobs/{uuid.uuid4()}"), 404)
        detail(other.ask(method, "jobs/abc"), 422)
    completed(person, job_id)


def test_mf30_a_run_that_is_no_job_is_unknown(engine: Engine, person: Person) -> None:
    detail(person.ask("GET", f"jobs/{engine.start(engine.workflow([engine.operation('echo')]))}"), 404)


def test_mf31_a_user_lists_their_own_jobs_newest_first(engine: Engine, person: Person) -> None:
    convert(somebody(engine))
    ids = [convert(person) for _ in range(3)]
    ids.append(queued(person.ask("POST", "image/resize", files={"file": ("a.png", picture())}, data={"width": "9"})))
    for job_id in ids:
        completed(person, job_id)

    def listed(query: str) -> tuple[list[str], int]:
        page = data(person.ask("GET", f"jobs?{query}"))
        assert set(page) == {"items", "total", "page", "page_size"}
        return [job["id"] for job in page["items"]], page["total"]

    assert listed("") == (ids[::-1], 4)
    assert listed("page_size=3") == (ids[:0:-1], 4)
    assert listed("page=2&page_size=3") == (ids[:1], 4)
    assert listed("page=9") == ([], 4)
    assert listed("job_type=image_resize") == (ids[3:], 1)
    engine.aws.wait_idle()
    assert listed("status=completed&job_type=image_convert_webp") == (ids[2::-1], 3)
    assert listed("status=failed") == ([], 0)


def test_mf32_only_a_pending_job_is_cancelled(stopped: Engine, person: Person) -> None:
    job_id = convert(person)

    answer = person.ask("DELETE", f"jobs/{job_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert view(person, job_id)["status"] == "cancelled"
    detail(person.ask("DELETE", f"jobs/{job_id}"), 409)
    stopped.cap(50)
    stopped.aws.wait_idle()
    run = stopped.get(job_id)
    assert (run["Status"], "Started" in run) == ("Canceled", False)


def test_mf32_a_job_that_is_over_is_not_cancelled(person: Person) -> None:
    job_id = convert(person)
    completed(person, job_id)

    detail(person.ask("DELETE", f"jobs/{job_id}"), 409)
    assert view(person, job_id)["status"] == "completed"


def test_mf33_a_failed_job_says_why_and_is_never_seen_started_again(person: Person) -> None:
    content = picture("JPEG", (400, 400))[:600]
    job_id = queued(person.ask("POST", "image/convert/webp", files={"file": ("a.jpg", content)}))
    seen: list[str] = []

    def look() -> str:
        seen.append(str(view(person, job_id)["status"]))
        return seen[-1]

    person.engine.until(look, lambda status: status in ("failed", "completed"))
    job = view(person, job_id)
    assert (job["status"], job["result_url"]) == ("failed", None)
    assert job["error"]
    order = ("pending", "started", "failed")
    assert [order.index(status) for status in seen] == sorted(order.index(status) for status in seen)


def test_mf34_a_job_is_a_run_of_the_engine(engine: Engine, person: Person) -> None:
    job_id = convert(person)
    completed(person, job_id)

    run = engine.get(job_id)
    assert (run["Status"], run["Trigger"], run["Workflow"]["Name"]) == ("Complete", "job", "RunImageConvert")
    assert (run["Owner"], run["JobType"]) == (person.id, "image_convert_webp")
    listed = engine.ok("GET", f"workflow/execution/asset/{run['AssetId']}")
    assert [entry["Id"] for entry in listed] == [job_id]


def test_the_same_request_with_its_key_makes_one_job(person: Person) -> None:
    headers = {**person.headers, "Idempotency-Key": str(uuid.uuid4())}

    def ask(quality: str) -> httpx.Response:
        return person.engine.http.post(
            "v1/image/convert/webp",
            headers=headers,
            files={"file": ("a.png", picture())},
            data={"quality": quality},
        )

    assert queued(ask("70")) == queued(ask("70"))
    detail(ask("71"), 409)
    assert data(person.ask("GET", "jobs"))["total"] == 1


def test_mf35_a_job_whose_operation_was_skipped_has_failed(engine: Engine, person: Person) -> None:
    """By what it is given a job always has its medium; an operation that was disabled is skipped in the same way."""
    enabled = engine.ok("GET", "workflow/operation/ImageResize")["Configuration"]

    def change(**members: object) -> None:
        body = {"Name": "ImageResize", "Configuration": {**enabled, **members}}
        engine.ok("PUT", "workflow/operation", body)
        engine.ok("PUT", "workflow", {"Name": "RunImageResize"})

    change(Enabled=False)
    try:
        answer = person.ask("POST", "image/resize", files={"file": ("a.png", picture())}, data={"width": "9"})
        job = ended(person, queued(answer))
    finally:
        change()

    assert (job["status"], job["result_url"]) == ("failed", None)
    assert "skipped" in job["error"]


def test_mf38_the_31st_request_of_a_minute_is_refused(engine: Engine, person: Person) -> None:
    other = somebody(engine)

    def ask(who: Person) -> httpx.Response:
        return who.ask("POST", "image/convert/webp", json={"upload_id": "none"})

    # all within one minute of the engine's clock
    CLOCK.move(60 - CLOCK.now() % 60)
    assert [ask(person).status_code for _ in range(30)] == [404] * 30
    refused = ask(person)

    assert "30 per 1 minute" in detail(refused, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    detail(ask(other), 404)
    detail(person.ask("POST", "image/convert/avif", json={"upload_id": "none"}), 404)
    CLOCK.move(int(refused.headers["Retry-After"]))
    detail(ask(person), 404)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as served:
        yield served


def test_mf39_webhooks_tell_of_a_job_and_are_signed(person: Person, receiver: Receiver) -> None:
    answer = person.ask(
        "POST",
        "image/convert/webp",
        files={"file": ("a.png", picture())},
        data={"webhook_url": receiver.url(), "webhook_secret": "a secret that signs"},
    )
    made = data(answer, 202)
    assert made["webhook_secret"] == "a secret that signs"
    completed(person, made["job_id"])
    person.engine.aws.wait_idle()

    told = person.engine.until(lambda: list(receiver.got), lambda got: len(got) >= 3)
    assert all(made["job_id"] in one.body for one in told)
    assert all(any(name.lower().endswith("signature") for name in one.headers) for one in told)


def test_mf39_a_receiver_that_is_down_changes_nothing(person: Person) -> None:
    answer = person.ask(
        "POST",
        "image/convert/webp",
        files={"file": ("a.png", picture())},
        data={"webhook_url": "http://127.0.0.1:9/"},
    )
    completed(person, data(answer, 202)["job_id"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notify_email", "nobody"),
        ("webhook_url", "http://169.254.169.254/"),
        ("webhook_url", "ftp://example.com/"),
        ("webhook_url", "x"),
        ("webhook_secret", "a secret without an address"),
    ],
)
def test_mf39_who_can_not_be_told_is_refused(person: Person, field: str, value: str) -> None:
    answer = person.ask("POST", "image/convert/webp", files={"file": ("a.png", picture())}, data={field: value})

    assert detail(answer, 422)[0]["loc"] == ["body", field]


def test_mf39_one_letter_brings_a_link_to_the_result(engine: Engine, person: Person) -> None:
    engine.aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    job_id = convert(person, notify_email=person.email)
    completed(person, job_id)
    engine.aws.wait_idle()

    sent = [
        letter
        for letter in ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
        if person.email in letter.destinations.get("ToAddresses", [])
    ]
    (letter,) = sent
    (link,) = [line for line in letter.body.splitlines() if line.startswith("http")]
    assert httpx.get(link).content.startswith(b"RIFF")


def test_mf40_health_names_what_jobs_stand_on(engine: Engine) -> None:
    answer = engine.http.get("v1/health")

    assert answer.status_code == 200
    body = answer.json()
    assert set(body["data"]) == {"database", "storage", "accounts", "operations", "encoding", "email"}
    assert all(told in ("ok", "error", "not configured") for told in body["data"].values())
    assert [body["data"][name] for name in ("database", "storage", "accounts", "email")] == ["ok"] * 4


def test_mf41_every_success_has_the_envelope_and_every_error_one_shape(engine: Engine, person: Person) -> None:
    """Beyond what `data` and `detail` check in every row: methods and paths that there aren't."""
    for method, path in (("PATCH", "v1/jobs"), ("GET", "v1/nothing")):
        answer = engine.http.request(method, path)
        assert answer.status_code == 403, "it is API Gateway that answers"
        assert "message" in answer.json()


# What moves the clock by days comes last: tokens and what others remember is of an earlier time then.


def test_mf36_a_result_is_given_out_for_a_day(person: Person) -> None:
    job_id = convert(person)
    completed(person, job_id)
    url = str(view(person, job_id)["result_url"])
    assert 0 < int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) <= 3600

    CLOCK.move(86_400 - 600)
    person.log_in()
    url = str(view(person, job_id)["result_url"])
    assert 0 < int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) <= 600

    CLOCK.move(700)
    job = view(person, job_id)
    assert (job["status"], job["result_url"], job["result_expired"]) == ("completed", None, True)
    person.engine.aws.wait_idle()
    assert view(person, job_id)["result_expired"] is True


def test_mf37_after_eight_days_a_job_is_gone_with_its_files(engine: Engine, person: Person) -> None:
    job_id = convert(person)
    completed(person, job_id)
    asset_id = str(view(person, job_id)["asset_id"])
    keys = lambda: [  # noqa: E731
        entry["Key"]
        for prefix in (f"private/assets/{asset_id}/", f"private/uploads/{person.id}/")
        for entry in engine.aws.client("s3").list_objects_v2(Bucket=engine.bucket, Prefix=prefix).get("Contents", [])
    ]
    assert len(keys()) >= 2

    CLOCK.move(8 * 86_400)
    person.log_in()
    detail(person.ask("GET", f"jobs/{job_id}"), 404)
    assert data(person.ask("GET", "jobs"))["total"] == 0
    engine.aws.expire_now()
    engine.until(keys, lambda left: left == [])
    engine.aws.wait_idle()
    assert engine.http.get(f"metadata/{asset_id}").status_code == 404
