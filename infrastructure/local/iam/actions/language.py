"""Transcribe and Translate: what names a vocabulary, a terminology or a job asks for it, the rest for no resource."""

from __future__ import annotations

from functools import partial

from infrastructure.local.iam.actions.place import Asks, Parameters, Place, anywhere, names, passing
from infrastructure.local.iam.policies import Request


def _named(service: str, resource_type: str, member: str, parameters: Parameters, place: Place) -> str:
    return place.arn(service, f"{resource_type}/{parameters[member]}")


_vocabulary = partial(_named, "transcribe", "vocabulary", "VocabularyName")
_filter = partial(_named, "transcribe", "vocabulary-filter", "VocabularyFilterName")
_model = partial(_named, "transcribe", "language-model", "ModelName")
_terminology = partial(_named, "translate", "terminology", "Name")
_parallel_data = partial(_named, "translate", "parallel-data", "Name")

TRANSCRIBE: dict[str, Asks] = {
    **names("transcribe", "CreateVocabulary CreateVocabularyFilter CreateLanguageModel", anywhere),
    **names("transcribe", "ListVocabularies ListVocabularyFilters ListLanguageModels", anywhere),
    **names("transcribe", "GetVocabulary UpdateVocabulary DeleteVocabulary", _vocabulary),
    **names("transcribe", "GetVocabularyFilter UpdateVocabularyFilter DeleteVocabularyFilter", _filter),
    **names("transcribe", "DescribeLanguageModel DeleteLanguageModel", _model),
}


def _translate_text(parameters: Parameters, place: Place) -> list[Request]:
    used = parameters.get("TerminologyNames", [])
    arns = [place.arn("translate", f"terminology/{name}") for name in used]
    return [Request("translate:TranslateText", arn) for arn in arns or ["*"]]


def _start_job(parameters: Parameters, _place: Place) -> list[Request]:
    role = passing(parameters["DataAccessRoleArn"], "translate.amazonaws.com")
    return [Request("translate:StartTextTranslationJob", "*"), role]


TRANSLATE: dict[str, Asks] = {
    **names("translate", "GetTerminology ImportTerminology DeleteTerminology", _terminology),
    **names("translate", "CreateParallelData GetParallelData UpdateParallelData DeleteParallelData", _parallel_data),
    **names("translate", "ListTerminologies ListParallelData ListLanguages", anywhere),
    **names("translate", "ListTextTranslationJobs DescribeTextTranslationJob StopTextTranslationJob", anywhere),
    "TranslateText": _translate_text,
    "StartTextTranslationJob": _start_job,
}
