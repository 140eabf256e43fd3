"""Requests and answers as the API's description shows them."""

from __future__ import annotations

from typing import Any

_ARN = "arn:aws:lambda:us-east-1:123456789012:function:thumbnail"
_MADE = {"Version": "v0", "Id": "5f0c9a52-8f0e-4a57-9c0b-3d2a1c6b7e10", "Created": "1795233906.000007"}
_API = {"ApiVersion": "3.0.0"}
_CONFIGURATION: dict[str, Any] = {"MediaType": "Video", "Enabled": True, "EverySeconds": 2.5}

OPERATION: dict[str, Any] = {
    "Name": "Thumbnail",
    "Type": "Sync",
    "Configuration": _CONFIGURATION,
    "StartLambdaArn": _ARN,
    "ConfigurationSchema": {"properties": {"EverySeconds": {"type": "number", "exclusiveMinimum": 0}}},
    "Retry": {"MaxAttempts": 4, "IntervalSeconds": 30, "ErrorEquals": ["DiskFull", "States.Timeout"]},
    "MaxConcurrent": 20,
}
OPERATION_UPDATE: dict[str, Any] = {"Name": "Thumbnail", "TimeoutSeconds": 300, "MaxConcurrent": None}
OPERATION_ANSWER: dict[str, Any] = {
    **OPERATION,
    "Retry": {
        "MaxAttempts": 4,
        "IntervalSeconds": 30,
        "BackoffRate": 2,
        "ErrorEquals": ["DiskFull", "States.Timeout"],
    },
    **_MADE,
    "TimeoutSeconds": 900,
    "StateMachineAsl": '{"StartAt":"S1 O1 Thumbnail choose","States":{}}',
    "StateMachineExecutionRoleArn": "arn:aws:iam::123456789012:role/mediawright-workflow",
    "StageName": "_Thumbnail",
    "ResourceType": "OPERATION",
    **_API,
}

STAGE: dict[str, Any] = {
    "Name": "Look",
    "Operations": ["Thumbnail"],
    "Configuration": {"Thumbnail": {"EverySeconds": 5}},
}
STAGE_ANSWER: dict[str, Any] = {
    "Name": "Look",
    "Operations": ["Thumbnail"],
    "Configuration": {"Thumbnail": {**_CONFIGURATION, "EverySeconds": 5}},
    "Definition": '{"QueryLanguage":"JSONata","StartAt":"S1 Look parallel","States":{}}',
    **_MADE,
    "ResourceType": "STAGE",
    **_API,
    "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:Look-a1b2c3-k7x0p2qd",
    "StaleOperations": [],
}

WORKFLOW: dict[str, Any] = {
    "Name": "Preview",
    "StartAt": "Look",
    "Stages": {"Look": {"End": True}},
    "MaxConcurrent": 50,
    "TimeoutSeconds": 7200,
}
WORKFLOW_ANSWER: dict[str, Any] = {
    "Name": "Preview",
    "StartAt": "Look",
    "Stages": {"Look": {**STAGE_ANSWER, "End": True}},
    "Operations": ["Thumbnail"],
    "StaleOperations": [],
    "StaleStages": [],
    "Trigger": "api",
    **_MADE,
    "Revisions": "1",
    "ResourceType": "WORKFLOW",
    **_API,
    "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:Preview-a1b2c3-m4c8w1zt",
    "MaxConcurrent": 50,
    "TimeoutSeconds": 7200,
}
WORKFLOW_CONFIGURATION: dict[str, Any] = {"Look": {"Thumbnail": {**_CONFIGURATION, "EverySeconds": 5}}}
