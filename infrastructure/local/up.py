"""`python -m infrastructure.local.up`: serves the engine on an embedded AWS until Ctrl-C.

Reads PORT, AWS_PORT, AUTH (1: every request must be signed by the key that is printed) and SPEED.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infrastructure.local.embedded import EmbeddedAws

PROJECT = Path(__file__).resolve().parents[2]


def main(project: Path = PROJECT, arguments: Sequence[str] = ()) -> int:
    """Serve until a signal; the exit status is 0 after a clean end, 1 when a port or a setting is of no use.

    There are no arguments but --help: for others argparse ends the process with status 2.
    """
    argparse.ArgumentParser("python -m infrastructure.local.up", description=__doc__).parse_args(arguments)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    # Only now: the import takes a second, in which Ctrl-C must not end in a traceback.
    from infrastructure.local.embedded import PortTaken

    try:
        with _engine(project) as engine:
            if not ended.is_set():
                print(_welcome(engine), flush=True)
            ended.wait()
            print("shutting down", flush=True)
    except PortTaken as taken:
        name = "AWS_PORT" if str(taken.port) == os.environ.get("AWS_PORT", "4566") else "PORT"
        print(
            f"port {taken.port} is taken; is `make up` running already? Another one: {name}=<number> make up",
            file=sys.stderr,
        )
        return 1
    except BadSetting as error:
        print(f"PORT, AWS_PORT and SPEED are numbers: {error}", file=sys.stderr)
        return 1
    return 0


class BadSetting(Exception):
    """A variable of the environment that is no number."""


def _engine(project: Path) -> EmbeddedAws:
    from infrastructure.local.embedded import EmbeddedAws

    try:
        port, aws_port = int(os.environ.get("PORT") or 8000), int(os.environ.get("AWS_PORT") or 4566)
        speed = float(os.environ.get("SPEED") or 1)
    except ValueError as error:
        raise BadSetting(str(error)) from error
    registering = {"RegisterMediaOperations": "Yes"}
    return EmbeddedAws(port, aws_port, os.environ.get("AUTH") == "1", speed, project, registering)


def _welcome(engine: EmbeddedAws) -> str:
    keys = f"AWS_ACCESS_KEY_ID={engine.credentials.access_key} AWS_SECRET_ACCESS_KEY={engine.credentials.secret_key}"
    curl = ".venv/bin/awscurl --service execute-api --region us-east-1"
    cap = """'{"Name": "MaxConcurrentWorkflows", "Value": 10}'"""
    find = f"boto3.client('cloudformation', endpoint_url='{engine.aws_url}').describe_stacks()"
    return f"""
  API   {engine.api_url}   (its description: {engine.api_url}docs)
  AWS   {engine.aws_url}   (any AWS client: AWS_ENDPOINT_URL, Region us-east-1)

Try, in another terminal, in this folder:

  export {keys} AWS_DEFAULT_REGION=us-east-1
  .venv/bin/mediawright --endpoint {engine.api_url} version
  {curl} -X POST -d {cap} {engine.api_url}system/configuration
  .venv/bin/python -c "import boto3; print({find}['Stacks'][0]['Outputs'])"

Ctrl-C ends it.
"""


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
