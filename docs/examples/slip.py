"""Prints the token that a run's operation `order` has left in the data bucket. `python slip.py RUN`."""

import os
import sys

import boto3

from mediawright.client import DEFAULT_ENDPOINT, Client

with Client(os.environ.get("MEDIAWRIGHT_ENDPOINT", DEFAULT_ENDPOINT)) as client:
    run = client.execution(sys.argv[1])
    folder = client.media_path(run["AssetId"], run["Id"])
slip = boto3.client("s3").get_object(Bucket=folder["S3Bucket"], Key=f"{folder['S3Key']}order/token.txt")
print(slip["Body"].read().decode())
