"""Where the command finds its endpoint: options, environment, the user's configuration file, a stack's outputs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mediawright.client import DEFAULT_ENDPOINT
from mediawright.errors import NotConfigured

KEYS = {
    "endpoint": "the API's address, such as http://127.0.0.1:8000/api/",
    "stack": "the CloudFormation stack whose outputs name the endpoint",
    "region": "the AWS region to sign for",
    "profile": "the AWS profile to take credentials from",
}
"""What the configuration file may hold."""

_ENDPOINT_OUTPUT = "WorkflowApiEndpoint"


@dataclass(frozen=True)
class Options:
    """What the command line says of the endpoint; None where it says nothing."""

    endpoint: str | None = None
    stack: str | None = None
    region: str | None = None
    profile: str | None = None


def config_path() -> Path:
    """Return the configuration file's path; `MEDIAWRIGHT_CONFIG` overrides it."""
    told = os.environ.get("MEDIAWRIGHT_CONFIG")
    if told:
        return Path(told)
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "mediawright" / "config.json"


def read_config() -> dict[str, str]:
    """Return the configuration file's settings. Raises NotConfigured for a file that isn't one."""
    path = config_path()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise NotConfigured(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise NotConfigured(f"{path} must hold an object of texts")
    return document


def write_config(config: Mapping[str, str]) -> None:
    """Replace the configuration file."""
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def completed(options: Options) -> Options:
    """Fill in what the command line left open, from the environment and then the configuration file.

    An endpoint and a stack are two ways to say one thing, so whichever is said first, and closest, counts.
    """
    config = read_config()
    endpoint, stack = _first_said(
        (options.endpoint, options.stack),
        (os.environ.get("MEDIAWRIGHT_ENDPOINT"), os.environ.get("MEDIAWRIGHT_STACK")),
        (config.get("endpoint"), config.get("stack")),
        (DEFAULT_ENDPOINT, None),
    )
    return Options(endpoint, stack, options.region or config.get("region"), options.profile or config.get("profile"))


def endpoint_of(options: Options) -> str:
    """Return the endpoint that completed options mean, asking CloudFormation when they name a stack."""
    return options.endpoint or _endpoint_of_stack(str(options.stack), options)


def _first_said(*pairs: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    return next(pair for pair in pairs if pair[0] or pair[1])


def _endpoint_of_stack(stack: str, options: Options) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        described = session.client("cloudformation").describe_stacks(StackName=stack)
    except (BotoCoreError, ClientError) as error:
        raise NotConfigured(f"the outputs of stack {stack!r} cannot be read: {error}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0].get("Outputs", [])}
    if _ENDPOINT_OUTPUT not in outputs:
        raise NotConfigured(f"stack {stack!r} has no output {_ENDPOINT_OUTPUT}: it is no stack of Mediawright")
    return outputs[_ENDPOINT_OUTPUT]
