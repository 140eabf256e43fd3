"""The client of the HTTP API.

    from mediawright.client import Client

    with Client() as client:
        bucket, key = client.upload("clip.mp4")
        run = client.start("my-workflow", media={"Video": {"S3Bucket": bucket, "S3Key": key}})
        print(client.wait(run["Id"])["Status"])

Needs the packages httpx and botocore (`pip install 'mediawright[cli]'`).
"""

from __future__ import annotations

from mediawright.client.control import ControlRoutes
from mediawright.client.files import FileRoutes
from mediawright.client.signing import LOCAL_CREDENTIALS as LOCAL_CREDENTIALS
from mediawright.client.transport import DEFAULT_ENDPOINT as DEFAULT_ENDPOINT
from mediawright.client.triggers import TriggerRoutes
from mediawright.client.waiting import BATCH_ENDED as BATCH_ENDED
from mediawright.client.waiting import ENDED as ENDED
from mediawright.client.waiting import Waiting
from mediawright.client.webhooks import WebhookRoutes
from mediawright.errors import ApiError as ApiError
from mediawright.errors import ConnectionFailed as ConnectionFailed
from mediawright.errors import InvalidArgument as InvalidArgument
from mediawright.errors import RunTimeout as RunTimeout


class Client(ControlRoutes, TriggerRoutes, WebhookRoutes, FileRoutes, Waiting):
    """Everything that an endpoint of Mediawright can do, with requests signed by Signature Version 4.

    Reads are retried when the API asks for patience or the connection breaks; writes never are.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
