"""Makes a Lambda function out of an operator's file, with the ordinary AWS client.

    python deploy.py words.py count

The client finds AWS as always; for `make up`, set AWS_ENDPOINT_URL.
"""

import io
import sys
import zipfile
from pathlib import Path

import boto3

import mediawright


def archive(file: Path) -> bytes:
    """The operator's file with the helper package beside it, as Lambda takes it."""
    package = Path(mediawright.__file__).parent
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as code:
        code.write(file, file.name)
        for module in package.glob("*.py"):
            code.write(module, f"mediawright/{module.name}")
    return content.getvalue()


def main() -> None:
    """Create the function and print its ARN."""
    file, handler = Path(sys.argv[1]), sys.argv[2]
    stack = boto3.client("cloudformation").describe_stacks(StackName="mediawright")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=file.stem, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    function = boto3.client("lambda").create_function(
        FunctionName=file.stem,
        Runtime="python3.12",
        Handler=f"{file.stem}.{handler}",
        Timeout=60,
        Role=role["Role"]["Arn"],
        Code={"ZipFile": archive(file)},
        Environment={"Variables": {"DataplaneEndpoint": outputs["DataPlaneHandlerArn"]}},
    )
    print(function["FunctionArn"])


if __name__ == "__main__":
    main()
