"""`/service/translate`: custom terminologies and parallel data of Amazon Translate.

Contract: chapter 2.7. Members that a route over a terminology doesn't know are ignored, as before.
"""

from __future__ import annotations

from typing import Any

from chalicelib.proxies import downloads, examples
from chalicelib.proxies.asking import Document, Listing, ask, everything
from chalicelib.web.room import Request, Room

routes = Room(__name__)

_REFUSALS = (400, 403, 404, 502)
_TERMINOLOGIES = Listing("translate", "list_terminologies", "TerminologyPropertiesList")
_PARALLEL_DATA = Listing("translate", "list_parallel_data", "ParallelDataPropertiesList")


@routes.endpoint(
    "POST",
    "/service/translate/get_terminology",
    summary="Read a terminology",
    request="proxies/terminology_name",
    response="proxies/terminology",
    errors=_REFUSALS,
    example=examples.TERMINOLOGY_NAME,
    answer_example=examples.TERMINOLOGY,
)
def get_terminology(request: Request) -> Any:
    return _terminology(request)


@routes.endpoint(
    "POST",
    "/service/translate/download_terminology",
    summary="Read the text of a terminology",
    request="proxies/terminology_name",
    response="proxies/downloaded_terminology",
    errors=_REFUSALS,
    example=examples.TERMINOLOGY_NAME,
    answer_example=examples.DOWNLOADED_TERMINOLOGY,
)
def download_terminology(request: Request) -> Any:
    url = _terminology(request).get("TerminologyDataLocation", {}).get("Location")
    return {"terminology": downloads.text(url, "TerminologyDataLocation of get_terminology")}


@routes.endpoint(
    "GET",
    "/service/translate/list_terminologies",
    summary="List all terminologies",
    response="proxies/terminologies",
    errors=(400, 403, 502),
    answer_example=examples.TERMINOLOGIES,
)
def list_terminologies(_request: Request) -> Any:
    return everything(_TERMINOLOGIES)


@routes.endpoint(
    "POST",
    "/service/translate/delete_terminology",
    summary="Delete a terminology",
    request="proxies/terminology_name",
    response="proxies/done",
    errors=_REFUSALS,
    example=examples.TERMINOLOGY_NAME,
    answer_example=examples.DONE,
)
def delete_terminology(request: Request) -> Any:
    return ask("translate", "delete_terminology", Name=request.body["terminology_name"])


@routes.endpoint(
    "POST",
    "/service/translate/create_terminology",
    summary="Make a terminology, or replace the one of this name",
    request="proxies/create_terminology",
    response="proxies/new_terminology",
    errors=(400, 403, 409, 502),
    example=examples.CREATE_TERMINOLOGY,
    answer_example=examples.NEW_TERMINOLOGY,
)
def create_terminology(request: Request) -> Any:
    return ask(
        "translate",
        "import_terminology",
        Name=request.body["terminology_name"],
        MergeStrategy="OVERWRITE",
        TerminologyData={"File": request.body["terminology_csv"].encode(), "Format": "CSV"},
    )


@routes.endpoint(
    "POST",
    "/service/translate/get_parallel_data",
    summary="Read what is known of parallel data",
    request="proxies/parallel_data_name",
    response="proxies/parallel_data",
    errors=_REFUSALS,
    example=examples.PARALLEL_DATA_NAME,
    answer_example=examples.PARALLEL_DATA,
)
def get_parallel_data(request: Request) -> Any:
    return ask("translate", "get_parallel_data", **request.body)


@routes.endpoint(
    "POST",
    "/service/translate/download_parallel_data",
    summary="Read the text of parallel data",
    request="proxies/parallel_data_name",
    response="proxies/downloaded_parallel_data",
    errors=_REFUSALS,
    example=examples.PARALLEL_DATA_NAME,
    answer_example=examples.DOWNLOADED_PARALLEL_DATA,
)
def download_parallel_data(request: Request) -> Any:
    found = ask("translate", "get_parallel_data", **request.body)
    url = found.get("DataLocation", {}).get("Location")
    return {"parallel_data_csv": downloads.text(url, "DataLocation of get_parallel_data")}


@routes.endpoint(
    "GET",
    "/service/translate/list_parallel_data",
    summary="List all parallel data",
    response="proxies/all_parallel_data",
    errors=(400, 403, 502),
    answer_example=examples.ALL_PARALLEL_DATA,
)
def list_parallel_data(_request: Request) -> Any:
    return everything(_PARALLEL_DATA)


@routes.endpoint(
    "POST",
    "/service/translate/delete_parallel_data",
    summary="Delete parallel data",
    request="proxies/parallel_data_name",
    response="proxies/parallel_data_status",
    errors=(400, 403, 404, 409, 502),
    example=examples.PARALLEL_DATA_NAME,
    answer_example=examples.DELETED_PARALLEL_DATA,
)
def delete_parallel_data(request: Request) -> Any:
    return ask("translate", "delete_parallel_data", **request.body)


@routes.endpoint(
    "POST",
    "/service/translate/create_parallel_data",
    summary="Make parallel data of a file in S3",
    request="proxies/create_parallel_data",
    response="proxies/parallel_data_status",
    errors=(400, 403, 409, 502),
    example=examples.CREATE_PARALLEL_DATA,
    answer_example=examples.NEW_PARALLEL_DATA,
)
def create_parallel_data(request: Request) -> Any:
    return ask("translate", "create_parallel_data", **request.body)


def _terminology(request: Request) -> Document:
    found = ask("translate", "get_terminology", Name=request.body["terminology_name"], TerminologyDataFormat="CSV")
    found.pop("ResponseMetadata", None)
    return found
