"""People with accounts, who ask for jobs: done as they do it, and looked at as they see it."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from tests.faults.rig import Rig
from tests.system.conftest import SENDER

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)
"""What a picture is by its first bytes: the operators of these tests look no further."""

_PASSWORD = "correct-horse"


def sign_up(rig: Rig) -> str:
    """Somebody's new account; answers their e-mail address."""
    rig.aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    email = f"person-{uuid.uuid4()}@example.com"
    answer = rig.http.post("v1/auth/register", json={"email": email, "password": _PASSWORD})
    assert answer.status_code == 201, answer.text
    return email


def ask_for_job(rig: Rig, email: str, path: str, **fields: str | int) -> None:
    """Upload a picture past the API, and post a job for it until it is answered."""
    headers = _log_in(rig, email)
    granted = _made(rig.persist("POST", "v1/uploads", {"filename": "a.png"}, headers), 201)
    rig.aws.client("s3").put_object(Bucket=rig.bucket, Key=granted["fields"]["key"], Body=PICTURE)
    body = {"upload_id": granted["upload_id"], "notify_email": email, **fields}
    answer = rig.persist("POST", path, body, {**headers, "Idempotency-Key": str(uuid.uuid4())})
    rig.submitted.append(_made(answer, 202)["job_id"])


def ask_for_jobs(rig: Rig, email: str, path: str, count: int) -> None:
    """Send so many pictures in one request, until it is answered."""
    headers = {**_log_in(rig, email), "Idempotency-Key": str(uuid.uuid4())}
    files = [("files", (f"{number}.png", PICTURE + bytes([number]), "image/png")) for number in range(count)]
    answer = rig.persist("POST", path, headers=headers, files=files, data={"notify_email": email})
    jobs = _made(answer, 202)["jobs"]
    assert [job["filename"] for job in jobs] == [name for _, (name, _, _) in files]
    rig.submitted += [job["job_id"] for job in jobs]


def wrong_with_jobs(rig: Rig, email: str, runs: list[str]) -> list[str]:
    """Each job that was answered is the only one of its file, its person's own, and told of at most once."""
    headers = _log_in(rig, email)
    made = sorted({run for run in runs if rig.run_item(run)})
    wrong = [] if made == sorted(rig.submitted) else [f"{made} were made, and {sorted(rig.submitted)} were answered"]
    for job_id in rig.submitted:
        answer = rig.http.get(f"v1/jobs/{job_id}", headers=headers)
        if answer.status_code != 200 or answer.json()["data"]["status"] != "completed":
            wrong.append(f"job {job_id} is shown to its person as {answer.status_code} {answer.text}")
    letters = Counter(job for letter in _letters(email) for job in rig.submitted if job in letter.body)
    wrong += [f"somebody was told {count} times of job {job}" for job, count in letters.items() if count > 1]
    return wrong


def _letters(email: str) -> list[Any]:
    sent = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    return [letter for letter in sent if email in letter.destinations.get("ToAddresses", [])]


def _log_in(rig: Rig, email: str) -> dict[str, str]:
    answer = rig.http.post("v1/auth/login", data={"username": email, "password": _PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _made(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]
