"""Makes a Lambda function out of an operator's file, or renews it, with the ordinary AWS client.

    python deploy.py words.py count

The client finds AWS as always; for `make up`, set AWS_ENDPOINT_URL.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import boto3

import MediaInsightsEngineLambdaHelper
import mediawright

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def archive(file: Path) -> bytes:
    """The operator's file with the helper packages beside it, as Lambda takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as code:
        code.write(file, file.name)
        for helper in (mediawright, MediaInsightsEngineLambdaHelper):
            for module in Path(helper.__file__).parent.glob("*.py"):
                code.write(module, f"{helper.__name__}/{module.name}")
    return content.getvalue()


def role(name: str, outputs: dict[str, str]) -> str:
    """A role that may log, reach the data plane, and read and write the media of runs."""
    iam = boto3.client("iam")
    bucket = f"arn:aws:s3:::{outputs['DataplaneBucket']}"
    allowed = [
        (["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:*:*:*"),
        (["lambda:InvokeFunction"], outputs["DataPlaneHandlerArn"]),
        (["s3:GetObject"], f"{bucket}/*"),
        (["s3:PutObject"], f"{bucket}/private/assets/*"),
    ]
    statements = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in allowed]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    try:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="operator", PolicyDocument=policy)
    return arn


def deploy(file: Path, handler: str) -> str:
    """Create or renew the function `<file>-<handler>` and answer its ARN."""
    code = archive(file)
    stack = boto3.client("cloudformation").describe_stacks(StackName="mediawright")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    name, lambdas = f"{file.stem}-{handler}", boto3.client("lambda")
    try:
        return lambdas.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler=f"{file.stem}.{handler}",
            Timeout=60,
            Role=role(name, outputs),
            Code={"ZipFile": code},
            Environment={"Variables": {"DataplaneEndpoint": outputs["DataPlaneHandlerArn"]}},
        )["FunctionArn"]
    except lambdas.exceptions.ResourceConflictException:
        return lambdas.update_function_code(FunctionName=name, ZipFile=code)["FunctionArn"]


if __name__ == "__main__":
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_file():
        sys.exit(__doc__)
    print(deploy(Path(sys.argv[1]), sys.argv[2]))
