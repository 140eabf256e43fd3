"""What a new run works on: media objects that exist, or an asset that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.assets import store as assets
from chalicelib.aws import clock, objects
from chalicelib.aws.transaction import Write
from chalicelib.definitions.stage_input import Globals
from chalicelib.web.errors import BadRequestError, ConflictError, shown


@dataclass(frozen=True)
class RunInput:
    """The asset, the globals that the run begins with, and what its submission writes to the asset."""

    asset_id: str
    globals: Globals
    writes: list[Write]


def resolve(given: dict[str, Any], run_id: str, now: str) -> RunInput:
    """The input of a run; AssetId wins over Media. Raises BadRequestError for media that don't exist."""
    if "AssetId" in given:
        return _known(given["AssetId"], run_id)
    if not given.get("Media"):
        raise BadRequestError('Input must contain either "AssetId" or "Media"')
    return _new(given["Media"], run_id, now)


def _known(asset_id: str, run_id: str) -> RunInput:
    asset = assets.get_asset(asset_id)
    if asset is None:
        raise BadRequestError(f"Input.AssetId: Unable to retrieve asset: {shown(asset_id)}")
    if asset.active_run is not None:
        raise ConflictError(
            f"There is currently another workflow execution(Id = {asset.active_run}) active on AssetId {asset_id}."
        )
    media = {asset.media_type: {"S3Bucket": asset.bucket, "S3Key": asset.key}}
    demand_objects(media, "Input.AssetId")
    return RunInput(asset_id, {"Media": media, "MetaData": {}}, [assets.lock_for_run(asset_id, run_id)])


def _new(media: dict[str, dict[str, str]], run_id: str, now: str) -> RunInput:
    demand_objects(media, "Input.Media")
    # the first medium names the asset, as with the old engine; all of them reach the globals
    media_type, place = next(iter(media.items()))
    asset_id = clock.new_id()
    writes = assets.asset_writes_new(asset_id, media_type, place["S3Bucket"], place["S3Key"], now, run_id)
    return RunInput(asset_id, {"Media": media, "MetaData": {}}, writes)


def demand_objects(media: dict[str, dict[str, str]], field: str) -> None:
    """Raise BadRequestError, naming the medium, for an object that there is not."""
    for media_type, place in media.items():
        if objects.head(place["S3Bucket"], place["S3Key"]) is None:
            where = f"s3://{place['S3Bucket']}/{place['S3Key']}"
            raise BadRequestError(f"{field}.{shown(media_type)[1:-1]}: there is no object {shown(where)}")
