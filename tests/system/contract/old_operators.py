"""Operators as people wrote them for Media Insights, run in real workers. Nothing here knows Mediawright.

`sync`, `start`, `monitor` and the `_fail` ones behave as the old engine's test operators.
"""

import os
import time

import MediaInsightsEngineLambdaHelper
from MediaInsightsEngineLambdaHelper import DataPlane, MasExecutionError, MediaInsightsOperationHelper, OutputHelper


def _filled(event, status):
    helper = MediaInsightsOperationHelper(event)
    helper.update_workflow_status(status)
    metadata = {"Meta": "Workflow metadata for " + helper.name}
    if "TestCustomConfig" in helper.configuration:
        metadata["TestCustomConfig"] = helper.configuration["TestCustomConfig"]
    helper.add_workflow_metadata_json({helper.name: metadata})
    media_type = helper.configuration.get("OutputMediaType", helper.configuration["MediaType"])
    key = "S3/Key/From/" + helper.name + "/" + media_type.lower()
    helper.add_media_object(media_type, "S3BucketFrom" + helper.name, key)
    return helper


def sync(event, context):
    return _filled(event, "Complete").return_output_object()


def sync_fail(event, context):
    return _filled(event, "Error").return_output_object()


def start(event, context):
    return _filled(event, "Executing").return_output_object()


def monitor(event, context):
    return _filled(event, "Complete").return_output_object()


def monitor_fail(event, context):
    return _filled(event, "Error").return_output_object()


def raises_output(event, context):
    helper = MediaInsightsOperationHelper(event)
    with open(helper.configuration["Calls"], "a") as calls:
        calls.write("called\n")
    try:
        raise ValueError("no speech in 'clip.mp4'")
    except ValueError as error:
        helper.update_workflow_status("Error")
        helper.add_workflow_metadata(TranscribeError=str(error))
        raise MasExecutionError(helper.return_output_object()) from error


def short_output(event, context):
    """With the older of the two helpers, whose answer has four members only."""
    helper = OutputHelper(event["Name"])
    helper.update_workflow_status("Complete")
    helper.add_workflow_metadata(Short="yes")
    return helper.return_output_object()


def stores_pages(event, context):
    """Store three pages and a whole document, then read everything back by cursor, as old operators do."""
    helper, dataplane = MediaInsightsOperationHelper(event), DataPlane()
    asset, run = helper.asset_id, helper.workflow_execution_id
    answers = []
    for n in range(3):
        page = {"n": n, "score": 0.1 + n, "labels": ["a"] * n}
        answers.append(dataplane.store_asset_metadata(asset, "labels", run, page, paginate=True, end=n == 2))
    answers.append(dataplane.store_asset_metadata(asset, "info", run, {"frames": 25, "rate": 29.97}))

    facts = dataplane.retrieve_asset_metadata(asset)
    found, cursor = [], facts.get("cursor")
    while cursor:
        page = dataplane.retrieve_asset_metadata(asset, cursor=cursor)
        found.append([page["operator"], page["results"]])
        cursor = page.get("cursor")

    labels, page = [], dataplane.retrieve_asset_metadata(asset, operator_name="labels")
    while True:
        labels.append(page["results"])
        if "cursor" not in page:
            break
        page = dataplane.retrieve_asset_metadata(asset, operator_name="labels", cursor=page["cursor"])

    helper.add_workflow_metadata(answers=answers, facts=facts["results"], found=found, labels=labels)
    helper.update_workflow_status("Complete")
    return helper.return_output_object()


def uses_dataplane(event, context):
    """Ask for what the helper offers besides, right and wrong."""
    helper, dataplane = MediaInsightsOperationHelper(event), DataPlane()
    place = helper.input["Media"]["Video"]
    helper.add_workflow_metadata(
        path=dataplane.generate_media_storage_path(helper.asset_id, helper.workflow_execution_id),
        made=dataplane.create_asset("Video", place["S3Bucket"], place["S3Key"]),
        unknown=dataplane.retrieve_asset_metadata("nobody"),
        no_such_operator=dataplane.retrieve_asset_metadata(helper.asset_id, operator_name="nobody"),
        end_alone=dataplane.store_asset_metadata(helper.asset_id, "x", "w", {}, end=True),
        control_plane=dataplane.call_dataplane("/workflow", "/workflow", "GET"),
        info=helper.workflow_info(),
        helper_file=MediaInsightsEngineLambdaHelper.__file__,
        own_file=__file__,
    )
    helper.update_workflow_status("Complete")
    return helper.return_output_object()


def waits_for_file(event, context):
    """Complete when a file is there; give up before the function's time is over."""
    until = time.monotonic() + 20
    while not os.path.exists(event["Configuration"]["File"]):
        if time.monotonic() > until:
            raise TimeoutError("nobody opened the gate")
        time.sleep(0.005)
    return {**event, "Status": "Complete"}
