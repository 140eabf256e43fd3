"""The proxies on the embedded AWS, which has vocabularies, and neither Translate nor language models."""

from __future__ import annotations

from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh, refused, uploaded


def test_a_vocabulary_in_the_data_bucket_is_made_listed_and_downloaded(engine: Engine) -> None:
    name = fresh("words")
    place = uploaded(engine, f"vocabularies/{name}.txt")
    table = "Phrase\tSoundsLike\tIPA\tDisplayAs\nAda-L.\t\t\tAda L.\n"
    engine.aws.client("s3").put_object(Bucket=place["S3Bucket"], Key=place["S3Key"], Body=table.encode())
    s3uri = f"s3://{place['S3Bucket']}/{place['S3Key']}"

    engine.ok(
        "POST",
        "service/transcribe/create_vocabulary",
        {"vocabulary_name": name, "language_code": "en-US", "s3uri": s3uri},
    )
    listed = engine.ok("GET", "service/transcribe/list_vocabularies")["Vocabularies"]
    rows = engine.ok("POST", "service/transcribe/download_vocabulary", {"vocabulary_name": name})
    engine.ok("POST", "service/transcribe/delete_vocabulary", {"vocabulary_name": name})

    assert name in [entry["VocabularyName"] for entry in listed]
    assert rows == {"vocabulary": [{"Phrase": "Ada-L.", "SoundsLike": "", "IPA": "", "DisplayAs": "Ada L."}]}
    gone = engine.http.post("service/transcribe/get_vocabulary", json={"vocabulary_name": name})
    refused(gone, 404, "BadRequestException")


def test_what_is_not_embedded_is_told_so(engine: Engine) -> None:
    for service, route, operation in (
        ("translate", "list_terminologies", "ListTerminologies"),
        ("transcribe", "list_language_models", "ListLanguageModels"),
    ):
        answer = engine.http.get(f"service/{service}/{route}")
        assert answer.status_code == 502
        assert answer.json()["Message"] == f"NotEmbedded: the embedded AWS has no {service}:{operation}"
