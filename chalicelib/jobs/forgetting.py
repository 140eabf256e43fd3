"""What goes with a job whose time is over: its asset with the result, and the file that it worked on."""

from __future__ import annotations

from chalicelib.assets import deletion
from chalicelib.assets import store as assets
from chalicelib.assets.bucket import run_prefix
from chalicelib.aws import objects
from chalicelib.aws.settings import settings
from chalicelib.executions import index, store
from chalicelib.executions.run import Run
from chalicelib.jobs import bucket
from chalicelib.web.errors import NotFoundError

_MOST_RUNS = 100


def forget(run: Run) -> None:
    """Delete the asset of a job that DynamoDB has removed, unless another run of it is still kept: then it goes with
    that one. Of an asset that isn't the user's own upload what the job made goes alone. Again, or after a crash in
    between, it goes on."""
    asset = assets.get_asset(run.asset_id) if run.owner else None
    if asset is None or run.owner is None:
        return
    if asset.bucket != settings().data_bucket or not asset.key.startswith(bucket.prefix_of(run.owner)):
        _delete_under(run_prefix(run.asset_id, run.id))
        return
    if _others(run):
        return
    # a key is a whole UUID, so that nothing else begins with it
    _delete_under(asset.key)
    try:
        deletion.delete_asset(asset.asset_id)
    except NotFoundError:
        # it is being deleted already, which the sweep finishes
        return


def _delete_under(prefix: str) -> None:
    for _ in objects.delete_under(prefix):
        pass


def _others(run: Run) -> bool:
    ids = [other for other in index.page("by-asset", run.asset_id, _MOST_RUNS, None).run_ids if other != run.id]
    return bool(store.read_runs(ids, consistent=True))
