from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mediawright import InvalidInput
from tests.operators.media.conftest import Run

OPERATIONS = ["TextEncoding", "TextStatistics", "TextLanguage", "KeyWords"]
ENGLISH = (
    "The lighthouse keeper climbed the stairs. He lit the lamp, and the lighthouse shone over the sea.\n"
    "Nobody but the lighthouse keeper had seen the storm; it was the worst storm of all!\n"
    "\n"
    "Was the lamp bright enough?\n"
)
SENTENCES: dict[str, str] = json.loads(Path(__file__).with_name("sentences.json").read_text(encoding="utf-8"))


def test_statistics_count_what_is_there(run: Run) -> None:
    run.add("Text", ENGLISH.encode())

    run.operate("TextStatistics")

    found = run.documents["TextStatistics"]
    assert (found["Words"], found["Sentences"], found["Paragraphs"]) == (38, 4, 2)
    assert (found["Lines"], found["EmptyLines"], found["Characters"]) == (4, 1, len(ENGLISH))
    # lighthouse, three times, and climbed
    assert found["LongWords"] == 4
    assert found["Lix"] == pytest.approx(38 / 4 + 100 * 4 / 38, abs=0.1)


def test_an_empty_page_has_statistics_too(run: Run) -> None:
    run.add("Text", b"\n\n")

    run.operate("TextStatistics")

    assert run.documents["TextStatistics"]["Words"] == 0
    assert "Lix" not in run.documents["TextStatistics"]


@pytest.mark.parametrize("language", SENTENCES)
def test_language_is_told(run: Run, language: str) -> None:
    run.add("Text", SENTENCES[language].encode())

    output = run.operate("TextLanguage")

    assert output["MetaData"]["TextLanguage"]["Language"] == language
    assert output["MetaData"]["TextLanguage"]["Confidence"] > 0.3


def test_a_text_of_no_language_is_undetermined(run: Run) -> None:
    run.add("Text", b"1234 5678 xk9 zzqq wrrt\n")

    assert run.operate("TextLanguage")["MetaData"]["TextLanguage"]["Language"] == "und"


def test_key_words_are_what_the_text_is_about(run: Run) -> None:
    run.add("Text", ENGLISH.encode())

    run.operate("KeyWords")

    found = run.documents["KeyWords"]
    assert found["Language"] == "en"
    assert [entry["Word"] for entry in found["Words"][:2]] == ["lighthouse", "keeper"]
    assert found["Words"][0]["Count"] == 3
    assert "the" not in {entry["Word"] for entry in found["Words"]}
    assert "lighthouse keeper" in " / ".join(entry["Phrase"] for entry in found["Phrases"])


def test_key_words_believe_an_earlier_stage_about_the_language(run: Run) -> None:
    run.add("Text", ENGLISH.encode())
    run.metadata["TextLanguage"] = {"Language": "de"}

    run.operate("KeyWords")

    assert run.documents["KeyWords"]["Language"] == "de"


def test_the_configured_language_comes_first(run: Run) -> None:
    run.add("Text", ENGLISH.encode())
    run.metadata["TextLanguage"] = {"Language": "de"}

    run.operate("KeyWords", Language="en")

    assert run.documents["KeyWords"]["Language"] == "en"


@pytest.mark.parametrize(
    ("content", "encoding", "mark", "certain"),
    [
        ("Käse".encode(), "utf-8", False, True),
        (b"\xef\xbb\xbf" + "Käse".encode(), "utf-8", True, True),
        (b"\xff\xfe" + "Käse".encode("utf-16-le"), "utf-16-le", True, True),
        (b"\xfe\xff" + "Käse".encode("utf-16-be"), "utf-16-be", True, True),
        ("Käse ist gut".encode("utf-16-le"), "utf-16-le", False, False),
        ("Käse ist gut".encode("utf-16-be"), "utf-16-be", False, False),
        ("Käse".encode("cp1252"), "cp1252", False, False),
    ],
)
def test_every_encoding_is_told_and_copied_to_utf_8(
    run: Run, content: bytes, encoding: str, mark: bool, certain: bool
) -> None:
    run.add("Text", content)

    run.operate("TextEncoding")

    found = run.documents["TextEncoding"]
    assert (found["Encoding"], found["ByteOrderMark"], found["Certain"]) == (encoding, mark, certain)
    assert run.made("PlainText").decode("utf-8").startswith("Käse")
    assert run.bucket.content_types[found["PlainText"]["S3Key"]] == "text/plain"


def test_the_plain_copy_has_one_kind_of_line_end_and_composed_letters(run: Run) -> None:
    run.add("Text", "e\u0301te\u0301\r\nzwei\rdrei\n\u200bvier".encode())

    run.operate("TextEncoding")

    assert run.made("PlainText").decode() == "\u00e9t\u00e9\nzwei\ndrei\n\u200bvier\n"
    found = run.documents["TextEncoding"]
    assert found["LineEnds"] == {"CR": 1, "CRLF": 1, "LF": 1}
    assert (found["Composed"], found["InvisibleCharacters"]) == (False, 1)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(range(256)) * 40, "no text"),
        (b"\xff\xfea\x00\x00\xd8", "marked as utf-16-le"),
        (b"a" * 10_000_001, "more than the 10000000 allowed"),
        (b"", "empty"),
    ],
    ids=["binary", "broken UTF-16", "too large", "nothing"],
)
def test_what_is_no_text_is_invalid_input(run: Run, operation: str, content: bytes, reason: str) -> None:
    run.add("Text", content)

    with pytest.raises(InvalidInput, match=reason):
        run.operate(operation)


@pytest.mark.parametrize(
    "content", ["." * 300_000 + "x", "'-" * 150_000, "\n \t" * 100_000, "a" * 300_000, "a-" * 150_000 + "1"]
)
def test_texts_made_to_be_slow_are_not(run: Run, content: str) -> None:
    run.add("Text", content.encode())
    begun = time.process_time()

    for operation in OPERATIONS:
        run.operate(operation)

    assert time.process_time() - begun < 5
