"""The only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Settings:
    """What the template tells every engine function."""

    definitions_table: str
    executions_table: str
    assets_table: str
    system_table: str
    data_bucket: str
    stack_name: str
    stack_short_uuid: str
    workflow_role_arn: str
    stage_completion_arn: str
    task_tokens_arn: str
    trigger_arn: str
    trigger_schedule_role_arn: str
    trigger_dead_letters_arn: str
    batch_machine_arn: str
    log_group_arn: str
    framework_version: str
    max_concurrent_workflows: int
    operator_grants: str
    operator_function_arns: tuple[str, ...]
    region: str
    external_bucket: str
    webhook_allowed_networks: tuple[str, ...]
    webhook_delivery_arn: str
    events_topic_arn: str
    publisher_dead_letters_url: str
    max_upload_bytes: int
    job_sources: tuple[str, ...]
    job_limits: Mapping[str, int]
    notification_sender: str
    user_pool_id: str
    user_pool_client_id: str
    analytics_stream: str
    analytics_dead_letters_url: str
    retention_days: int
    cors_allowed_origins: tuple[str, ...]
    traces: bool


_LIMITS = {"image": 30, "batch": 10, "video": 10, "thumbnail": 20, "account": 30}
"""Requests a minute and route, by kind of route: for jobs of a user, for accounts of an address."""


@cache
def settings() -> Settings:
    """The settings of this process; raises KeyError naming the variable that the deployment left out."""
    env = os.environ
    return Settings(
        definitions_table=env["DEFINITIONS_TABLE"],
        executions_table=env["EXECUTIONS_TABLE"],
        assets_table=env["ASSETS_TABLE"],
        system_table=env["SYSTEM_TABLE"],
        data_bucket=env["DATA_BUCKET"],
        stack_name=env["STACK_NAME"],
        stack_short_uuid=env["STACK_SHORT_UUID"],
        workflow_role_arn=env["WORKFLOW_ROLE_ARN"],
        stage_completion_arn=env["STAGE_COMPLETION_ARN"],
        task_tokens_arn=env["TASK_TOKENS_ARN"],
        trigger_arn=env["TRIGGER_ARN"],
        trigger_schedule_role_arn=env["TRIGGER_SCHEDULE_ROLE_ARN"],
        trigger_dead_letters_arn=env["TRIGGER_DEAD_LETTERS_ARN"],
        batch_machine_arn=env["BATCH_MACHINE_ARN"],
        log_group_arn=env["STEP_FUNCTION_LOG_GROUP_ARN"],
        framework_version=env["FRAMEWORK_VERSION"],
        max_concurrent_workflows=int(env["MAX_CONCURRENT_WORKFLOWS"]),
        operator_grants=env.get("OPERATOR_GRANTS", "automatic"),
        operator_function_arns=_listed(env.get("OPERATOR_FUNCTION_ARNS", "")),
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION", ""),
        external_bucket=env.get("EXTERNAL_BUCKET_ARN", "").removeprefix("arn:aws:s3:::").split("/")[0],
        webhook_allowed_networks=_listed(env.get("WEBHOOK_ALLOWED_NETWORKS", "")),
        webhook_delivery_arn=env["WEBHOOK_DELIVERY_ARN"],
        events_topic_arn=env["EVENTS_TOPIC_ARN"],
        publisher_dead_letters_url=env["PUBLISHER_DEAD_LETTERS_URL"],
        max_upload_bytes=int(env.get("MAX_UPLOAD_MEGABYTES", "500")) * 1024 * 1024,
        job_sources=_listed(env.get("JOB_SOURCES", "")),
        job_limits=_limits(env.get("JOB_LIMITS", "")),
        notification_sender=env.get("NOTIFICATION_SENDER", ""),
        user_pool_id=env["USER_POOL_ID"],
        user_pool_client_id=env["USER_POOL_CLIENT_ID"],
        analytics_stream=env.get("ANALYTICS_STREAM", ""),
        analytics_dead_letters_url=env.get("ANALYTICS_DEAD_LETTERS_URL", ""),
        retention_days=int(env.get("RETENTION_DAYS", "0")),
        cors_allowed_origins=_listed(env.get("CORS_ALLOWED_ORIGINS", "*")),
        traces=env.get("XRAY_TRACING") == "Yes",
    )


def _listed(text: str) -> tuple[str, ...]:
    """The entries of a comma-separated list."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def _limits(text: str) -> Mapping[str, int]:
    given = dict(entry.split("=") for entry in _listed(text))
    return _LIMITS | {name: int(number) for name, number in given.items()}
