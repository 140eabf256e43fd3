from __future__ import annotations

import pytest

from infrastructure.package.settings import BadSetting, bucket, parameters, stack_place

PLACE = {"STACK": "media", "REGION": "eu-west-1"}


@pytest.mark.parametrize("name", ["a", "Media-2", "x" * 128])
def test_every_legal_stack_name_is_taken(name: str) -> None:
    assert stack_place({**PLACE, "STACK": name}).stack == name


@pytest.mark.parametrize("name", ["", "2media", "-media", "media_2", "x" * 129, "media;ls", "media\n", "$(id)", "mé"])
def test_any_other_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadSetting, match=r"^STACK "):
        stack_place({**PLACE, "STACK": name})


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-east-1", "ap-southeast-3", "cn-north-1"])
def test_regions_of_every_partition_are_taken(region: str) -> None:
    assert stack_place({**PLACE, "REGION": region}).region == region


@pytest.mark.parametrize("region", ["", "eu", "EU-WEST-1", "eu-west-1 --debug"])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(BadSetting, match=r"^REGION "):
        stack_place({**PLACE, "REGION": region})


@pytest.mark.parametrize("name", ["", "ab", "Upper", "a/b", "--endpoint-url", "s3://mine"])
def test_what_is_no_bucket_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match=r"^BUCKET "):
        bucket({"BUCKET": name})


def test_parameters_are_split_as_a_shell_would() -> None:
    given = {"PARAMETERS": "A=1 B='two words' C= D=x=y"}

    assert parameters(given, "ABCD") == ["A=1", "B=two words", "C=", "D=x=y"]
    assert parameters({}, "ABCD") == []


@pytest.mark.parametrize(
    ("text", "told"), [("A", "Name=Value"), ("Z=1", "no parameter 'Z'"), ("A='1", "can't be split")]
)
def test_bad_parameters_are_told(text: str, told: str) -> None:
    with pytest.raises(BadSetting, match=told):
        parameters({"PARAMETERS": text}, "ABCD")
