"""List prices of us-east-1 in USD, without any free allowance."""

from __future__ import annotations

from dataclasses import dataclass

NOTED = "25 November 2026"
HOURS = 730
"""Of a month, as AWS counts it."""


@dataclass(frozen=True)
class Price:
    """USD for one unit, and the page that says so."""

    usd: float
    unit: str
    page: str


PRICES = {
    "transition": Price(25e-6, "state transition, Standard", "step-functions/pricing"),
    "invocation": Price(0.20e-6, "Lambda request", "lambda/pricing"),
    "gb_second": Price(16.6667e-6, "Lambda GB-second, x86", "lambda/pricing"),
    "write": Price(0.625e-6, "DynamoDB write request unit, on demand", "dynamodb/pricing/on-demand"),
    "read": Price(0.125e-6, "DynamoDB read request unit, on demand", "dynamodb/pricing/on-demand"),
    "api": Price(3.50e-6, "REST API request", "api-gateway/pricing"),
    "publish": Price(0.50e-6, "SNS publish", "sns/pricing"),
    "event": Price(1.00e-6, "EventBridge event of one's own", "eventbridge/pricing"),
    "head": Price(0.40e-6, "S3 GET or HEAD", "s3/pricing"),
    "log_gb": Price(0.50, "GB of logs taken in", "cloudwatch/pricing"),
    "alarm": Price(0.10, "month of one metric in an alarm", "cloudwatch/pricing"),
    "dashboard": Price(3.00, "month of a dashboard", "cloudwatch/pricing"),
    "series": Price(0.30, "month of a metric of one's own, by the hours it is reported in", "cloudwatch/pricing"),
    "key": Price(1.00, "month of a KMS key of one's own", "kms/pricing"),
    "stream": Price(0.04 * HOURS, "month of a Kinesis stream, on demand", "kinesis/data-streams/pricing"),
}
