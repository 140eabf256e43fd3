"""`/service/transcribe`: custom vocabularies and language models of Amazon Transcribe.

Contract: chapter 2.7. Members that a route over a vocabulary doesn't know are ignored, as before.
"""

from __future__ import annotations

from typing import Any

from chalicelib.proxies import downloads, examples
from chalicelib.proxies.asking import Listing, ask, everything
from chalicelib.web.room import Request, Room

routes = Room(__name__)

_REFUSALS = (400, 403, 404, 502)
_VOCABULARIES = Listing("transcribe", "list_vocabularies", "Vocabularies")
_MODELS = Listing("transcribe", "list_language_models", "Models")


@routes.endpoint(
    "POST",
    "/service/transcribe/get_vocabulary",
    summary="Read a vocabulary",
    request="proxies/vocabulary_name",
    response="proxies/vocabulary",
    errors=_REFUSALS,
    example=examples.VOCABULARY_NAME,
    answer_example=examples.VOCABULARY,
)
def get_vocabulary(request: Request) -> Any:
    return ask("transcribe", "get_vocabulary", VocabularyName=request.body["vocabulary_name"])


@routes.endpoint(
    "POST",
    "/service/transcribe/download_vocabulary",
    summary="Read the rows of a vocabulary",
    request="proxies/vocabulary_name",
    response="proxies/downloaded_vocabulary",
    errors=_REFUSALS,
    example=examples.VOCABULARY_NAME,
    answer_example=examples.DOWNLOADED_VOCABULARY,
)
def download_vocabulary(request: Request) -> Any:
    found = ask("transcribe", "get_vocabulary", VocabularyName=request.body["vocabulary_name"])
    text = downloads.text(found.get("DownloadUri"), "DownloadUri of get_vocabulary")
    return {"vocabulary": downloads.rows(text)}


@routes.endpoint(
    "GET",
    "/service/transcribe/list_vocabularies",
    summary="List all vocabularies",
    response="proxies/vocabularies",
    errors=(400, 403, 502),
    answer_example=examples.VOCABULARIES,
)
def list_vocabularies(_request: Request) -> Any:
    return everything(_VOCABULARIES)


@routes.endpoint(
    "POST",
    "/service/transcribe/delete_vocabulary",
    summary="Delete a vocabulary",
    request="proxies/vocabulary_name",
    response="proxies/done",
    errors=_REFUSALS,
    example=examples.VOCABULARY_NAME,
    answer_example=examples.DONE,
)
def delete_vocabulary(request: Request) -> Any:
    return ask("transcribe", "delete_vocabulary", VocabularyName=request.body["vocabulary_name"])


@routes.endpoint(
    "POST",
    "/service/transcribe/create_vocabulary",
    summary="Make a vocabulary of a file in S3",
    request="proxies/create_vocabulary",
    response="proxies/vocabulary",
    errors=(400, 403, 409, 502),
    example=examples.CREATE_VOCABULARY,
    answer_example=examples.NEW_VOCABULARY,
)
def create_vocabulary(request: Request) -> Any:
    return ask(
        "transcribe",
        "create_vocabulary",
        VocabularyName=request.body["vocabulary_name"],
        LanguageCode=request.body["language_code"],
        VocabularyFileUri=request.body["s3uri"],
    )


@routes.endpoint(
    "GET",
    "/service/transcribe/list_language_models",
    summary="List all language models",
    response="proxies/models",
    errors=(400, 403, 502),
    answer_example=examples.MODELS,
)
def list_language_models(_request: Request) -> Any:
    return everything(_MODELS)


@routes.endpoint(
    "POST",
    "/service/transcribe/describe_language_model",
    summary="Read a language model",
    request="proxies/model_name",
    response="proxies/model",
    errors=_REFUSALS,
    example=examples.MODEL_NAME,
    answer_example=examples.MODEL,
)
def describe_language_model(request: Request) -> Any:
    return ask("transcribe", "describe_language_model", **request.body)
