"""Definitions parsed once, their strings as JSON means them, and one client for each service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from moto.core.models import botocore_stubber
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlt4utils.antlr4utils import from_string_literal, is_terminal
from moto.stepfunctions.parser.asl.parse import asl_parser, preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client

from infrastructure.local.states.patching import rebind

_MAX_DEFINITIONS = 1024
"""Parsed definitions kept; the least recently used one goes first."""

_Parser: Any = asl_parser.AmazonStateLanguageParser
_Preprocessor: Any = preprocessor.Preprocessor


def _text(context: Any) -> str:
    # moto leaves escapes in keys and reads those in values as Python's, which splits characters beyond
    # the basic plane in two halves.
    source = str(context.getText())
    return str(json.loads(source, strict=False)) if source.startswith('"') else source


def _key(parser_rule_context: Any) -> str | None:
    return None if is_terminal(parser_rule_context, ASLLexer.NULL) else _text(parser_rule_context)


def _remembered(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    # Components keep nothing of an execution (that is in its environment), so threads share them. The
    # grammar's tree is much larger than the program and nobody reads it.
    lock = threading.Lock()

    @lru_cache(_MAX_DEFINITIONS)
    def program(definition: str) -> Any:
        # ANTLR's prediction tables are shared between parsers and not built for threads.
        with lock:
            return parse(definition)[0]

    def remembered(definition: str) -> Any:
        return program(definition), None

    remembered.cache_info = program.cache_info  # type: ignore[attr-defined]
    return remembered


def _clients(create: Callable[..., Any]) -> Callable[..., Any]:
    lock = threading.Lock()

    @lru_cache(256)
    def client(region: str, service: str, _endpoint: tuple[bool, str]) -> Any:
        return create(region=region, service=service)

    def client_for(region: str, service: str, **_: Any) -> Any:
        with lock:  # boto3's default session isn't made for threads
            return client(region, service, (bool(botocore_stubber.enabled), str(moto_server_port())))

    return client_for


@cache
def install() -> None:
    """Remember parsed programs and boto3 clients: moto makes both anew for every execution and task."""
    _Parser.parse = staticmethod(_remembered(_Parser.parse))
    _Preprocessor._inner_string_of = staticmethod(_key)
    rebind(from_string_literal, lambda parser_rule_context: _text(parser_rule_context))
    rebind(boto_client.boto_client_for, _clients(boto_client.boto_client_for))
