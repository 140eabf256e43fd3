"""What the API's description shows of each route."""

from __future__ import annotations

from typing import Any

_CHANGED = "2026-11-21T04:05:06.007000+00:00"

METADATA = {"RequestId": "6f1f1c1a-5d1e-4a57-8d0b-1c2d3e4f5a6b", "HTTPStatusCode": 200, "RetryAttempts": 0}
DONE: dict[str, Any] = {"ResponseMetadata": METADATA}

VOCABULARY_NAME = {"vocabulary_name": "speakers"}
CREATE_VOCABULARY = {
    "vocabulary_name": "speakers",
    "language_code": "en-US",
    "s3uri": "s3://mediawright-data/vocabularies/speakers.txt",
}
_VOCABULARY = {
    "VocabularyName": "speakers",
    "LanguageCode": "en-US",
    "LastModifiedTime": _CHANGED,
    "VocabularyState": "READY",
}
VOCABULARY = {**_VOCABULARY, "DownloadUri": "https://s3.us-east-1.amazonaws.com/…", **DONE}
NEW_VOCABULARY = {**_VOCABULARY, "VocabularyState": "PENDING", **DONE}
VOCABULARIES = {"Vocabularies": [_VOCABULARY], **DONE}
DOWNLOADED_VOCABULARY = {
    "vocabulary": [{"Phrase": "Ada-Lovelace", "SoundsLike": "", "IPA": "", "DisplayAs": "Ada Lovelace"}]
}

MODEL_NAME = {"ModelName": "lectures"}
_MODEL = {
    "ModelName": "lectures",
    "CreateTime": _CHANGED,
    "LastModifiedTime": _CHANGED,
    "LanguageCode": "en-US",
    "BaseModelName": "WideBand",
    "ModelStatus": "COMPLETED",
    "UpgradeAvailability": False,
}
MODEL = {"LanguageModel": _MODEL, **DONE}
MODELS = {"Models": [_MODEL], **DONE}

TERMINOLOGY_NAME = {"terminology_name": "products"}
_CSV = "en,de\nMediawright,Mediawright\n"
CREATE_TERMINOLOGY = {"terminology_name": "products", "terminology_csv": _CSV}
_TERMINOLOGY = {
    "Name": "products",
    "Arn": "arn:aws:translate:us-east-1:123456789012:terminology/products/LATEST",
    "SourceLanguageCode": "en",
    "TargetLanguageCodes": ["de"],
    "SizeBytes": len(_CSV),
    "TermCount": 1,
    "CreatedAt": _CHANGED,
    "LastUpdatedAt": _CHANGED,
    "Directionality": "UNI",
    "Format": "CSV",
}
_LOCATION = {"RepositoryType": "S3", "Location": "https://s3.us-east-1.amazonaws.com/…"}
TERMINOLOGY = {"TerminologyProperties": _TERMINOLOGY, "TerminologyDataLocation": _LOCATION}
NEW_TERMINOLOGY = {"TerminologyProperties": _TERMINOLOGY, **DONE}
TERMINOLOGIES = {"TerminologyPropertiesList": [_TERMINOLOGY], **DONE}
DOWNLOADED_TERMINOLOGY = {"terminology": _CSV}

PARALLEL_DATA_NAME = {"Name": "subtitles"}
CREATE_PARALLEL_DATA = {
    "Name": "subtitles",
    "ParallelDataConfig": {"S3Uri": "s3://mediawright-data/parallel/subtitles.csv", "Format": "CSV"},
    "Description": "Subtitles that people have translated",
}
_PARALLEL_DATA = {
    "Name": "subtitles",
    "Arn": "arn:aws:translate:us-east-1:123456789012:parallel-data/subtitles",
    "Status": "ACTIVE",
    "SourceLanguageCode": "en",
    "TargetLanguageCodes": ["de"],
    "ParallelDataConfig": CREATE_PARALLEL_DATA["ParallelDataConfig"],
    "ImportedRecordCount": 1,
    "CreatedAt": _CHANGED,
    "LastUpdatedAt": _CHANGED,
}
PARALLEL_DATA = {"ParallelDataProperties": _PARALLEL_DATA, "DataLocation": _LOCATION, **DONE}
NEW_PARALLEL_DATA = {"Name": "subtitles", "Status": "CREATING", **DONE}
DELETED_PARALLEL_DATA = {"Name": "subtitles", "Status": "DELETING", **DONE}
ALL_PARALLEL_DATA = {"ParallelDataPropertiesList": [_PARALLEL_DATA], **DONE}
DOWNLOADED_PARALLEL_DATA = {"parallel_data_csv": _CSV}
