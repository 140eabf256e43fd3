"""Chalice's own SAM template of the app, without the archive that takes seconds to build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import BaseDeployStep, BuildStage, InjectDefaults, SwaggerBuilder
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, SAMTemplateGenerator

from infrastructure.template.app_loader import load_app_module

STAGE = "api"


class _PlacedArchive(BaseDeployStep):
    """Names the archive instead of building it."""

    def __init__(self, code_uri: str) -> None:
        self._code_uri = code_uri

    def handle_deploymentpackage(self, config: Any, resource: Any) -> None:  # noqa: ARG002
        resource.filename = self._code_uri


class _AnyPartition:
    """What the generator asks an AWS client for."""

    region_name = "us-east-1"

    def endpoint_dns_suffix(self, service: str, region: str) -> str:  # noqa: ARG002
        return "amazonaws.com"

    def service_principal(self, service: str, region: str, suffix: str) -> str:  # noqa: ARG002
        return f"{service}.amazonaws.com"


def chalice_template(project: Path, code_uri: str) -> dict[str, Any]:
    """The SAM template that `chalice package` would write for this project, its code at `code_uri`."""
    config = Config(
        chalice_stage=STAGE,
        user_provided_params={"chalice_app": load_app_module(project).app, "project_dir": str(project)},
        config_from_disk=json.loads((project / ".chalice" / "config.json").read_text(encoding="utf-8")),
    )
    application = ApplicationGraphBuilder().build(config, STAGE)
    resources: list[models.Model] = DependencyBuilder().build_dependencies(application)
    steps = [InjectDefaults(), _PlacedArchive(code_uri), SwaggerBuilder(CFNSwaggerGenerator())]
    BuildStage(steps=steps).execute(config, resources)
    client: Any = _AnyPartition()
    template: dict[str, Any] = SAMTemplateGenerator(config, PackageOptions(client)).generate(resources)
    return template
