from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.template import fragments


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("!Ref Table", {"Ref": "Table"}),
        ("!Condition Big", {"Condition": "Big"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt Nested.Outputs.Arn", {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}),
        ('!Sub "${Table}-x"', {"Fn::Sub": "${Table}-x"}),
        ("!If [Big, !Ref A, 2]", {"Fn::If": ["Big", {"Ref": "A"}, 2]}),
        ("!Transform {Name: x}", {"Fn::Transform": {"Name": "x"}}),
    ],
)
def test_short_tags_are_written_out(tmp_path: Path, text: str, meaning: object) -> None:
    (tmp_path / "one.yaml").write_text(f"Value: {text}\n")

    assert fragments.read(tmp_path / "one.yaml") == {"Value": meaning}


def test_an_overlay_merges_member_by_member_and_wins() -> None:
    base = {"A": {"x": 1, "y": {"z": 2}}, "B": [1, 2]}

    merged = fragments.lay_over(base, {"A": {"y": {"w": 3}, "x": 9}, "B": [3]})

    assert merged == {"A": {"x": 9, "y": {"z": 2, "w": 3}}, "B": [3]}
    assert base == {"A": {"x": 1, "y": {"z": 2}}, "B": [1, 2]}
