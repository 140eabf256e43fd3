"""The routes of the data plane: assets, their metadata, their locks, and presigned URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mediawright.client.documents import Asset, Lock, MediaObject, MetadataPage, PresignedPost, Stored
from mediawright.client.transport import Transport


class DataRoutes(Transport):
    """Assets and what was found out about them. Every method raises ApiError and ConnectionFailed."""

    def presign_upload(self, bucket: str, key: str) -> PresignedPost:
        """Return the form with which one file may be posted to a key."""
        body = {"S3Bucket": bucket, "S3Key": key}
        return cast(PresignedPost, self.request("POST", ("upload",), body=body))

    def presign_download(self, bucket: str, key: str) -> str:
        """Return a URL under which a file can be read for up to an hour."""
        return str(self.request("POST", ("download",), body={"S3Bucket": bucket, "S3Key": key}))

    def media_path(self, asset_id: str, run_id: str) -> MediaObject:
        """Return the bucket and the prefix for what a run makes of an asset."""
        return cast(MediaObject, self.request("GET", ("mediapath", asset_id, run_id)))

    def create_asset(self, media_type: str, bucket: str, key: str) -> Asset:
        """Make an asset of an object in S3."""
        media = {"MediaType": media_type, "S3Bucket": bucket, "S3Key": key}
        return cast(Asset, self.request("POST", ("create",), body={"Input": media}))

    def asset_ids(self, limit: int | None = None) -> Iterator[str]:
        """Yield the ids of all assets, `limit` a request."""
        return self.listed(("metadata",), None if limit is None else {"limit": str(limit)}, member="assets")

    def asset(self, asset_id: str) -> Asset:
        """Return the facts of an asset."""
        page = self.request("GET", ("metadata", asset_id))
        return cast(Asset, {"AssetId": asset_id, **page["results"]})

    def metadata(self, asset_id: str, operator: str | None = None) -> Iterator[MetadataPage]:
        """Yield all pages of an asset's metadata, or of one operator's, following the cursor."""
        path = ("metadata", asset_id) if operator is None else ("metadata", asset_id, operator)
        query: dict[str, str] = {}
        while True:
            page = cast(MetadataPage, self.request("GET", path, query=query))
            yield page
            if not page.get("cursor"):
                return
            query = {"cursor": page["cursor"]}

    def store_metadata(
        self,
        asset_id: str,
        operator: str,
        run_id: str,
        results: Mapping[str, Any],
        *,
        paginated: bool = False,
        end: bool = False,
    ) -> Stored:
        """Keep an operator's results, whole or page by page; `end` closes a series of pages."""
        query = {name: "true" for name, wanted in (("paginated", paginated), ("end", end)) if wanted}
        body = {"OperatorName": operator, "WorkflowId": run_id, "Results": dict(results)}
        return cast(Stored, self.request("POST", ("metadata", asset_id), query=query, body=body))

    def delete_metadata(self, asset_id: str, operator: str) -> Any:
        """Delete one operator's metadata of an asset."""
        return self.request("DELETE", ("metadata", asset_id, operator))

    def delete_asset(self, asset_id: str) -> str:
        """Delete an asset and what the engine made of it; its source stays where it is."""
        return str(self.request("DELETE", ("metadata", asset_id)))

    def check_out(self, asset_id: str, locked_by: str) -> Lock:
        """Lock an asset, for people who mind locks. A locked one is a conflict (409)."""
        return cast(Lock, self.request("POST", ("checkout", asset_id), body={"LockedBy": locked_by}))

    def check_in(self, asset_id: str) -> str:
        """Unlock an asset."""
        return str(self.request("POST", ("checkin", asset_id)))

    def check_outs(self) -> Iterator[Lock]:
        """Yield the locks."""
        return self.listed(("checkouts",), member="locks")
