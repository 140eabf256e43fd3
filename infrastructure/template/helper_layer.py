"""The layer with the operator helper, for functions of the stack's users, and the old stack's outputs for it.

The old stack had one layer for each Python; ours is Python alone and serves all of them, so three outputs name it.
"""

from __future__ import annotations

from infrastructure.template.fragments import Template
from infrastructure.template.places import Places

LAYER = "HelperLayer"
ARCHIVE = "layer-helper"
RUNTIMES = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13")
_OLD_NAMES = (
    "MediaInsightsOnAwsPython39Layer",
    "MediaInsightsOnAwsPython310Layer",
    "MediaInsightsOnAwsPython311Layer",
)


def helper_layer(places: Places) -> Template:
    """The core template's part."""
    layer = {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "LayerName": {"Fn::Sub": "${AWS::StackName}-helper"},
            "Description": "The operator helper: mediawright, and MediaInsightsEngineLambdaHelper over it",
            "CompatibleRuntimes": list(RUNTIMES),
            "CompatibleArchitectures": ["x86_64", "arm64"],
            "Content": places.archive(ARCHIVE),
        },
    }
    return {"Resources": {LAYER: layer}, "Outputs": {f"{name}Arn": _output(name) for name in _OLD_NAMES}}


def _output(export: str) -> Template:
    return {
        "Description": "The layer with the operator helper, for any Python from 3.9 on",
        "Value": {"Ref": LAYER},
        "Export": {"Name": {"Fn::Sub": f"${{AWS::StackName}}:{export}"}},
    }
