"""The function that CloudFormation invokes for WorkflowCustomResource. Every request is answered, and once."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

from chalicelib.aws import response_urls
from chalicelib.resources import answers, handling
from chalicelib.resources.request import Request, parse
from chalicelib.web.errors import MediawrightError

_LOG = logging.getLogger("mediawright.resources")
_RESERVE_SECONDS = 20.0
"""So long before the function's end CloudFormation is told that it won't be done in time."""


class _Answer:
    """The one answer to a request: the first that is given."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._given = False

    def give(self, body: bytes) -> bool:
        """Answer, unless that has been done; whether this was the answer. Raises AnswerNotTaken."""
        with self._lock:
            if self._given:
                return False
            response_urls.put(self._url, body)
            self._given = True
            return True


def custom_resource(event: Any, context: Any) -> None:
    """One request of CloudFormation.

    Raises BadRequestError for an event that names no address to answer at, and AnswerNotTaken: Lambda then invokes
    it again, which changes nothing that was done.
    """
    answer = _Answer(answers.check_url(event.get("ResponseURL"), response_urls.s3_endpoint()))
    seconds = max(0.0, context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS)
    late = threading.Timer(seconds, _give_up, (event, answer))
    late.daemon = True
    late.start()
    try:
        body = _body(event, str(context.aws_request_id))
    finally:
        late.cancel()
    if not answer.give(body):
        handling.take_back(parse(event))


def _give_up(event: Any, answer: _Answer) -> None:
    answer.give(answers.failure(event, _failed_id(event), "the engine could not do this in time; try again"))


def _body(event: Any, request_id: str) -> bytes:
    try:
        request = parse(event)
        done = handling.handle(request)
    except MediawrightError as error:
        _LOG.info("refused: %s", json.dumps(str(error)))
        return answers.failure(event, _failed_id(event), str(error))
    except Exception:
        # the outermost edge: unanswered, CloudFormation would wait for an hour
        _LOG.exception("custom resource request failed")
        reason = f"the engine failed; its log tells why under the request id {request_id}"
        return answers.failure(event, _failed_id(event), reason)
    _LOG.info("%s %s", request.type, json.dumps(done.physical_id))
    return answers.success(event, done.physical_id, done.data)


def _failed_id(event: Any) -> str:
    physical, request_id = str(event.get("PhysicalResourceId") or ""), str(event.get("RequestId") or "")
    return Request("Create", "", "", request_id, physical, {}, {}).failed_id
