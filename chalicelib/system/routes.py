"""The routes about the service itself."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.system import configuration, health
from chalicelib.web.room import Request, Room

routes = Room(__name__)

API_VERSION = "3.0.0"
_CAP = {"Name": "MaxConcurrentWorkflows", "Value": 5}


@routes.endpoint(
    "GET", "/", summary="Say hello", response="system/hello", answer_example={"hello": "world"}, signed=False
)
def hello(_request: Request) -> Any:
    return {"hello": "world"}


@routes.endpoint(
    "GET",
    "/version",
    summary="Tell the versions of API and framework",
    response="system/version",
    answer_example={"ApiVersion": API_VERSION, "FrameworkVersion": "0.1.0"},
)
def version(_request: Request) -> Any:
    return {"ApiVersion": API_VERSION, "FrameworkVersion": settings().framework_version}


@routes.endpoint(
    "POST",
    "/system/configuration",
    summary="Set a configuration value",
    request="system/configuration",
    response="system/nothing",
    errors=(400,),
    example=_CAP,
    answer_example={},
    dry_run=True,
)
def set_configuration(request: Request) -> Any:
    configuration.check(request.body)
    if not request.dry_run:
        configuration.write(request.body)
    return {}


@routes.endpoint(
    "GET",
    "/system/configuration",
    summary="List the configuration values",
    response="system/configuration_list",
    answer_example=[_CAP],
)
def get_configuration(_request: Request) -> Any:
    return configuration.read()


@routes.endpoint(
    "GET",
    "/system/health",
    summary="Tell how many slots are used and how many runs wait",
    response="system/health",
    answer_example={
        "Status": "ok",
        "Slots": {"Used": 3, "Held": 3, "Max": 5},
        "Queue": {"Length": 0, "Parked": {"operation:transcribe": 12}, "OldestSeconds": 0.0},
        "Waiting": 1,
        "Sweep": {"At": "2026-11-21T04:05:00.000000Z", "Repairs": {}, "Failures": 0},
    },
)
def get_health(_request: Request) -> Any:
    return health.report()
