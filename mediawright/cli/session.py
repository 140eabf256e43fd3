"""What every command works with: the client, and where and how to print."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import typer
from rich.console import Console

from mediawright.cli import render, settings
from mediawright.client import Client
from mediawright.errors import ApiError

_OPTIONS = {
    "Before": "--before",
    "Configuration": "--configuration or --set",
    "ErrorPrefix": "--error-prefix",
    "Idempotency-Key": "--idempotency-key",
    "Priority": "--priority",
    "Since": "--since",
    "TimeoutSeconds": "--timeout",
    "Timeouts": "--timeout",
    "WaitingStageName": "STAGE",
}
"""How the command calls members of requests that begin a refusal's message."""


class Session:
    """One call of the command. In JSON mode stdout carries one document and nothing else."""

    def __init__(self, options: settings.Options, *, as_json: bool) -> None:
        self.options = options
        self.as_json = as_json
        self.console = Console(highlight=False, markup=False, emoji=False)
        self.errors = Console(stderr=True, highlight=False, markup=False, emoji=False)

    @cached_property
    def client(self) -> Client:
        """The client of the endpoint that options, environment and configuration tell."""
        options = settings.completed(self.options)
        return Client(settings.endpoint_of(options), region=options.region, profile=options.profile)

    def close(self) -> None:
        """Close the client, if it was needed."""
        if "client" in vars(self):
            self.client.close()

    def show(self, document: Any) -> None:
        """Print a document as JSON."""
        render.json_document(self.console, document, plain=self.as_json)

    def table(self, columns: list[str], rows: list[list[Any]], documents: Any) -> None:
        """Print a table, or in JSON mode the documents that it was made of."""
        if self.as_json:
            self.show(documents)
        else:
            render.table(self.console, columns, rows)

    def say(self, text: str) -> None:
        """Print a line for people; nothing in JSON mode."""
        if not self.as_json:
            self.console.print(render.plain(text), soft_wrap=True)

    def report(self, error: Exception) -> None:
        """Say what went wrong: on stderr, and in JSON mode as a document on stdout too."""
        self.complain(error)
        if self.as_json:
            typer.echo(json.dumps({"Error": as_document(error)}))

    def complain(self, error: Exception) -> None:
        """Say on stderr what went wrong."""
        self.errors.print(f"Error: {render.plain(_told(error))}", soft_wrap=True)


def current(ctx: typer.Context) -> Session:
    """Return the session of a command's context."""
    session: Session = ctx.obj
    return session


def _told(error: Exception) -> str:
    if isinstance(error, ApiError):
        request = f" (request {error.request_id})" if error.request_id else ""
        return f"{_as_options(error.message)} [{error.status} {error.code}]{request}"
    return str(error) or type(error).__name__


def _as_options(message: str) -> str:
    """A refusal's message in the command's words, where it speaks of members that are options here."""
    field, colon, rest = message.partition(": ")
    told = f"{_OPTIONS[field]}{colon}{rest}" if field in _OPTIONS else message
    return told.replace("force=true", "--force")


def as_document(error: Exception) -> dict[str, Any]:
    """What went wrong, for those who read JSON."""
    if isinstance(error, ApiError):
        return {
            "Status": error.status,
            "Code": error.code,
            "Message": error.message,
            "RequestId": error.request_id,
        }
    return {"Code": type(error).__name__, "Message": str(error)}
