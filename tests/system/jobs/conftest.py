"""What the walk through the media jobs' contract needs on top of the engine: people with accounts."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from PIL import Image

from operators.media import catalogue
from tests.system.conftest import Engine

PASSWORD = "correct-horse"


@dataclass
class Person:
    """Somebody with an account, and what they do with the API."""

    engine: Engine
    email: str
    id: str
    tokens: dict[str, str]
    password: str = field(default=PASSWORD, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates a request."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request to a path below `/v1`, with this person's token."""
        return self.engine.http.request(method, f"v1/{path}", headers=self.headers, **options)

    def log_in(self) -> None:
        """Get new tokens."""
        form = {"username": self.email, "password": self.password}
        self.tokens = data(self.engine.http.post("v1/auth/login", data=form), 200, flat=True)


def data(answer: httpx.Response, status: int = 200, *, flat: bool = False) -> Any:
    """What a success answers, out of its envelope."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:800]}"
    body = answer.json()
    if flat:
        return body
    assert set(body) == {"success", "data", "message"}
    assert body["success"] is True
    return body["data"]


def detail(answer: httpx.Response, status: int) -> Any:
    """Why a request was refused."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:800]}"
    body = answer.json()
    assert set(body) == {"detail"}
    if status == 422:
        assert all(set(wrong) == {"loc", "msg", "type"} for wrong in body["detail"])
    return body["detail"]


def address() -> str:
    """An e-mail address that nobody has."""
    return f"person-{uuid.uuid4().hex[:12]}@example.com"


def somebody(engine: Engine) -> Person:
    """A person with a new account."""
    email = address()
    answer = engine.http.post("v1/auth/register", json={"email": email, "password": PASSWORD})
    registered = data(answer, 201)
    return Person(engine, email, registered["user"]["id"], registered["tokens"])


@pytest.fixture
def person(engine: Engine) -> Person:
    return somebody(engine)


@pytest.fixture(scope="module")
def operators(running: Engine) -> None:
    """The media operations are registered, each with the workflow of it alone."""
    workflows = catalogue.singles()
    wanted = {name for workflow in workflows for stage in workflow.stages for name in stage.operations}
    for registration in catalogue.registrations():
        if registration.name in wanted:
            body = {
                "Name": registration.name,
                "Type": registration.type,
                "Configuration": registration.configuration,
                "ConfigurationSchema": registration.configuration_schema,
                "StartLambdaArn": running.aws.outputs[f"MediaOperator{registration.name}Arn"],
            }
            running.ok("POST", "workflow/operation", body)
    for workflow in workflows:
        running.ok("POST", "workflow", workflow.document())


def ended(person: Person, job_id: str, seconds: float = 60) -> dict[str, Any]:
    """A job once it has ended."""
    job: dict[str, Any] = person.engine.until(
        lambda: data(person.ask("GET", f"jobs/{job_id}")),
        lambda found: found["status"] in ("completed", "failed", "cancelled"),
        seconds,
    )
    return job


def completed(person: Person, job_id: str) -> bytes:
    """What a job made, fetched by its address."""
    job = ended(person, job_id)
    assert job["status"] == "completed", job
    assert job["progress"] == 100
    answer = httpx.get(job["result_url"])
    assert answer.status_code == 200, answer.text[:300]
    return answer.content


def queued(answer: httpx.Response) -> str:
    """The id of a job that was made."""
    made = data(answer, 202)
    assert made["status"] == "pending"
    job_id: str = made["job_id"]
    return job_id


def picture(kind: str = "PNG", size: tuple[int, int] = (100, 60), mode: str = "RGB", **options: Any) -> bytes:
    """An image file."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()
