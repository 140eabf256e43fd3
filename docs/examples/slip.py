"""Prints the token that a run's operation `order` leaves in the data bucket, once it is there."""

import os
import sys
import time

import boto3

from mediawright.client import DEFAULT_ENDPOINT, Client

with Client(os.environ.get("MEDIAWRIGHT_ENDPOINT", DEFAULT_ENDPOINT)) as client:
    run = client.execution(sys.argv[1])
    folder = client.media_path(run["AssetId"], run["Id"])

s3 = boto3.client("s3")
until = time.monotonic() + 60
while True:
    try:
        slip = s3.get_object(Bucket=folder["S3Bucket"], Key=f"{folder['S3Key']}order/token.txt")
    except s3.exceptions.NoSuchKey:
        if time.monotonic() > until:
            raise
        time.sleep(0.2)
    else:
        print(slip["Body"].read().decode())
        break
