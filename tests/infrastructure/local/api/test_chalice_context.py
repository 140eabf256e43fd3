from __future__ import annotations

import json
import threading
from typing import Any

from chalice.app import Chalice

from infrastructure.local.api import chalice_context

THREADS, REQUESTS = 8, 50


def event(name: str, body: str) -> dict[str, Any]:
    return {
        "requestContext": {"resourcePath": "/echo/{name}", "httpMethod": "POST", "path": f"/echo/{name}"},
        "multiValueQueryStringParameters": None,
        "headers": {},
        "pathParameters": {"name": name},
        "stageVariables": None,
        "body": body,
    }


def app_with_a_slow_view() -> Any:
    app = Chalice(app_name="slow")
    meeting = threading.Barrier(THREADS)

    def echo(name: str) -> dict[str, Any]:
        meeting.wait(10)  # every thread has set its request before any reads its own
        request: Any = app.current_request
        return {"name": name, "body": request.raw_body.decode(), "context": app.lambda_context}

    app.route("/echo/{name}", methods=["POST"])(echo)
    return app


def test_eight_threads_read_their_own_requests() -> None:
    chalice_context.install()
    app = app_with_a_slow_view()
    wrong: list[object] = []

    def client(number: int) -> None:
        for turn in range(REQUESTS):
            name = f"{number}-{turn}"
            answer = json.loads(app(event(name, f"body of {name}"), name)["body"])
            if answer != {"name": name, "body": f"body of {name}", "context": name}:
                wrong.append(answer)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert wrong == []


def test_two_apps_in_one_thread_keep_their_requests_apart() -> None:
    chalice_context.install()
    one: Any = Chalice(app_name="one")
    two: Any = Chalice(app_name="two")

    one.lambda_context, two.lambda_context = "first", "second"

    assert (one.lambda_context, two.lambda_context) == ("first", "second")


def test_installing_twice_is_harmless() -> None:
    chalice_context.install()
    before = vars(Chalice)["current_request"]

    chalice_context.install()

    assert vars(Chalice)["current_request"] is before
