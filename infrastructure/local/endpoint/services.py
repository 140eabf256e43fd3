"""Puts moto and every adapter together: one account, its services calling one another as AWS's do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boto3
import moto.core.base_backend as moto_backends
import moto.core.config as moto_config
import moto.core.models as moto_core
import moto.stepfunctions.models as moto_states

from infrastructure.local import queues
from infrastructure.local.dynamodb import streams
from infrastructure.local.dynamodb.expiry import Expiry
from infrastructure.local.endpoint import direct_dispatch, not_embedded, s3_adapters, s3_ranges, vocabulary_files
from infrastructure.local.endpoint.server import AwsServer
from infrastructure.local.endpoint.signatures import KeyPair, KeyStore
from infrastructure.local.events import queue_retention, rules, scheduler, sources, topics
from infrastructure.local.iam.guard import Guard
from infrastructure.local.lambdas import lambda_service
from infrastructure.local.lambdas.functions import Functions
from infrastructure.local.states import events, step_functions
from infrastructure.local.states.executions import book

ACCOUNT = "123456789012"
REGION = "us-east-1"
DIRECT = ("dynamodb", "stepfunctions", "lambda", "events", "scheduler", "sns", "sqs", "logs")
"""What the engine calls often enough to spare it the way through HTTP messages."""

_BackendDict: Any = moto_backends.BackendDict
_CORE: Any = moto_core


def serve_aws(port: int, keys: KeyStore | None) -> AwsServer:
    """The HTTP endpoint of all services."""
    return AwsServer(port, keys)


class AwsServices:
    """The services of one embedded AWS. Data of an earlier one in this process is forgotten."""

    def __init__(self, endpoint_url: str, credentials: KeyPair, layers: Iterable[Path]) -> None:
        _BackendDict.reset()
        moto_config.default_user_config["stepfunctions"] = {"execute_state_machine": True}
        keys = (credentials.access_key, credentials.secret_key, credentials.token)
        self.functions = lambda_service.install(
            Functions(endpoint_url, credentials=lambda _role: keys, layers=layers)
        )
        queues.install()
        self.sources = sources.install(self.functions.invoke)
        self.rules = rules.install(self.functions)
        self.scheduler = scheduler.install(self.functions)
        self.topics = topics.install(self.functions)
        streams.install(self.sources.deliver)
        self._expiry = Expiry()
        step_functions.install(self.functions.invoke, self.rules.publish)
        queue_retention.install()
        s3_adapters.install(endpoint_url)
        s3_ranges.install()
        vocabulary_files.install()
        not_embedded.install()
        direct_dispatch.install(DIRECT)
        self._guard = Guard()
        # A session made before knows none of the handlers.
        boto3.DEFAULT_SESSION = None
        _CORE.botocore_stubber.enabled = True

    def busy(self) -> dict[str, int]:
        """What is under way, by kind; empty when nothing is."""
        counts = {
            "changes": streams.pending(),
            "stream records": self.sources.pending(),
            "executions": self._executions(),
            "status events": events.pending(),
            "background invocations": self.functions.pending(),
        }
        return {name: count for name, count in counts.items() if count}

    def _executions(self) -> int:
        return book(moto_states.stepfunctions_backends[ACCOUNT][REGION]).busy()

    def stop(self) -> None:
        """End every thread and worker and forget all data."""
        self._guard.stop()
        step_functions.stop()
        self._expiry.stop()
        streams.stop()
        self.rules.stop()
        self.scheduler.stop()
        self.topics.stop()
        self.sources.stop()
        self.functions.stop()
        _CORE.botocore_stubber.enabled = False
        _BackendDict.reset()
