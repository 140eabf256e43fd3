"""The routes of the data plane (the old engine's data plane API)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.assets import access, body, bucket, creation, deletion, examples, large, lists, metadata, names, store
from chalicelib.assets.metadata import Entry, Position
from chalicelib.aws import clock
from chalicelib.aws.settings import settings
from chalicelib.web import documents, paging
from chalicelib.web.errors import BadRequestError
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

MAX_PAGE = 1000
_CURSOR = {"cursor": {"type": "string", "description": "From the answer before; absent at first."}}
_PAGES = {
    "paginated": {"type": "string", "enum": ["true"], "description": "The results are one page of a set."},
    "end": {
        "type": "string",
        "enum": ["true"],
        "description": "It is the last page: readers see the set from now on.",
    },
}
_UPLOAD = {
    "upload": {
        "type": "string",
        "enum": ["true"],
        "description": "Keep nothing: answer the `Url` to PUT a document to that is too large for a request, as "
        "`application/json`, and the `Key` to send in place of the results afterwards.",
    },
}


@routes.endpoint(
    "POST",
    "/upload",
    summary="Presign an upload",
    request="assets/object",
    response="assets/presigned_post",
    errors=(400,),
    example=examples.UPLOAD,
    answer_example=examples.PRESIGNED_POST,
)
def upload(request: Request) -> Any:
    return access.upload(request.body)


@routes.endpoint(
    "POST",
    "/download",
    summary="Presign a download",
    request="assets/object",
    response="assets/presigned_url",
    errors=(400,),
    example=examples.DOWNLOAD,
    answer_example=examples.PRESIGNED_URL,
    text=True,
)
def download(request: Request) -> Any:
    return access.download(request.body)


@routes.endpoint(
    "GET",
    "/mediapath/{asset_id}/{workflow_id}",
    summary="Tell where a run keeps what it makes of an asset",
    response="assets/media_path",
    errors=(400,),
    answer_example=examples.MEDIA_PATH,
)
def media_path(request: Request) -> Any:
    asset_id, workflow_id = (names.name(field, request.path[field]) for field in ("asset_id", "workflow_id"))
    return {"S3Bucket": settings().data_bucket, "S3Key": bucket.run_prefix(asset_id, workflow_id)}


@routes.endpoint(
    "POST",
    "/create",
    summary="Make an asset of an object in S3",
    request="assets/create",
    response="assets/asset",
    errors=(400,),
    example=examples.CREATE,
    answer_example=examples.ASSET,
)
def create(request: Request) -> Any:
    return creation.create(request.body["Input"])


@routes.endpoint(
    "POST",
    "/metadata/{asset_id}",
    summary="Keep an operator's results",
    request="assets/metadata",
    response="assets/stored",
    errors=(400, 404),
    query={**_PAGES, **_UPLOAD},
    example=examples.METADATA,
    answer_example=examples.STORED,
    parse=False,
)
def store_metadata(request: Request) -> Any:
    asset_id = names.asset(request.path["asset_id"])
    if request.query == {"upload": "true"}:
        return large.grant(asset_id)
    keep = _kept_as(request.query)
    key = keep(asset_id, body.read(request.raw_body, partial(large.received, asset_id)))
    if key is None:
        return {"Status": "Success"}
    return {"Status": "Success", "Bucket": settings().data_bucket, "Key": key}


@routes.endpoint(
    "GET",
    "/metadata/{asset_id}",
    summary="Read an asset's facts and then, by cursor, all its metadata",
    response="assets/asset_metadata",
    errors=(400, 404, 410),
    see_other=True,
    query=_CURSOR,
    answer_example=examples.ASSET_METADATA,
)
def asset_metadata(request: Request) -> Any:
    asset = _asset(request)
    purpose = f"metadata/{asset.asset_id}"
    position = _position(request, purpose)
    if position is not None:
        return _entry(asset.asset_id, metadata.entry(asset.asset_id, position, all_operators=True), purpose)
    facts = {
        "MediaType": asset.media_type,
        "S3Key": asset.key,
        "S3Bucket": asset.bucket,
        "Created": str(clock.epoch(asset.created)),
    }
    following = metadata.first_of_all(asset.asset_id)
    return {"asset_id": asset.asset_id, "results": facts, **_cursor(purpose, following)}


@routes.endpoint(
    "GET",
    "/metadata/{asset_id}/{operator_name}",
    summary="Read one operator's metadata of an asset",
    response="assets/operator_metadata",
    errors=(400, 404, 410),
    see_other=True,
    query=_CURSOR,
    answer_example=examples.OPERATOR_METADATA,
)
def operator_metadata(request: Request) -> Any:
    operator = names.name("operator_name", request.path["operator_name"])
    asset_id = _asset(request).asset_id
    purpose = f"metadata/{asset_id}/{operator}"
    position = _position(request, purpose) or metadata.first(asset_id, operator)
    return _entry(asset_id, metadata.entry(asset_id, position, all_operators=False), purpose)


@routes.endpoint(
    "POST",
    "/checkout/{asset_id}",
    summary="Lock an asset, for those who mind locks",
    request="assets/checkout",
    response="assets/lock",
    errors=(400, 404, 409),
    example=examples.CHECKOUT,
    answer_example=examples.LOCK,
)
def check_out(request: Request) -> Any:
    asset_id = names.asset(request.path["asset_id"])
    lock = store.Lock(asset_id, request.body["LockedBy"], int(clock.epoch(clock.now())))
    store.check_out(lock)
    return {"AssetId": asset_id, "LockedBy": lock.locked_by, "LockedAt": lock.locked_at}


@routes.endpoint(
    "POST",
    "/checkin/{asset_id}",
    summary="Unlock an asset",
    request="assets/checkin",
    response="assets/message",
    errors=(400, 404, 409),
    body_optional=True,
    example={},
    answer_example=f"Unlocked asset {examples.ASSET_ID}",
    text=True,
)
def check_in(request: Request) -> Any:
    asset_id = names.asset(request.path["asset_id"])
    store.check_in(asset_id)
    return f"Unlocked asset {asset_id}"


@routes.endpoint(
    "GET",
    "/checkouts",
    summary="List the locks",
    response="assets/locks",
    errors=(400,),
    query=paging.QUERY,
    answer_example={"locks": [examples.LOCK]},
)
def check_outs(request: Request) -> Any:
    limit = paging.limit(request, MAX_PAGE, MAX_PAGE)
    locks, following = lists.locks(limit, paging.position(request, "checkouts"))
    return paging.page(request, "checkouts", {"locks": locks}, following)


@routes.endpoint(
    "GET",
    "/metadata",
    summary="List the ids of all assets",
    response="assets/asset_ids",
    errors=(400,),
    query=paging.QUERY,
    answer_example={"assets": [examples.ASSET_ID]},
)
def assets(request: Request) -> Any:
    limit = paging.limit(request, MAX_PAGE, MAX_PAGE)
    ids, following = lists.asset_ids(limit, paging.position(request, "assets"))
    return paging.page(request, "assets", {"assets": ids}, following)


@routes.endpoint(
    "DELETE",
    "/metadata/{asset_id}/{operator_name}",
    summary="Delete one operator's metadata of an asset",
    response="assets/deleted",
    errors=(400, 404),
    answer_example={"Deleted": [{"Key": examples.DOCUMENT_KEY}]},
)
def delete_metadata(request: Request) -> Any:
    operator = names.name("operator_name", request.path["operator_name"])
    keys = deletion.delete_metadata(names.asset(request.path["asset_id"]), operator)
    return {"Deleted": [{"Key": key} for key in keys]}


@routes.endpoint(
    "DELETE",
    "/metadata/{asset_id}",
    summary="Delete an asset and what the engine made of it",
    response="assets/message",
    errors=(404, 409),
    answer_example=f"Deleted asset: {examples.ASSET_ID} from the dataplane",
    text=True,
)
def delete_asset(request: Request) -> Any:
    asset_id = names.asset(request.path["asset_id"])
    deletion.delete_asset(asset_id)
    return f"Deleted asset: {asset_id} from the dataplane"


def _kept_as(query: dict[str, str]) -> Callable[[str, body.Submission], str | None]:
    if not query:
        return metadata.store_whole
    if "paginated" not in query:
        raise BadRequestError("Must pass required query parameter: paginated")
    for name, value in query.items():
        if name not in _PAGES:
            raise BadRequestError(
                f"{documents.compact(name)}: only the query parameters upload, or paginated and end, are known"
            )
        if value != "true":
            raise BadRequestError(f"Query param {name} only supports a value of: true")
    return metadata.store_last_page if "end" in query else metadata.store_page


def _asset(request: Request) -> store.Asset:
    asset_id = names.asset(request.path["asset_id"])
    asset = store.get_asset(asset_id)
    if asset is None:
        raise store.unknown(asset_id)
    return asset


def _position(request: Request, purpose: str) -> Position | None:
    if request.query and set(request.query) != {"cursor"}:
        raise BadRequestError("cursor: the only query parameter that is allowed, and not at first")
    found = paging.position(request, purpose)
    return metadata.position(found) if found else None


def _entry(asset_id: str, entry: Entry, purpose: str) -> Answer:
    """The answer with a document in it as its sender spelled it."""
    before = documents.compact({"asset_id": asset_id, "operator": entry.operator})
    after = documents.compact(_cursor(purpose, entry.following))
    text = f'{before[:-1]},"results":{entry.text}' + (f",{after[1:]}" if entry.following else "}")
    return large.answer(asset_id, text)


def _cursor(purpose: str, following: Position | None) -> dict[str, str]:
    return {"cursor": paging.encode(purpose, following.document())} if following else {}
