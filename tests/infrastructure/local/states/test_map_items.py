from __future__ import annotations

import pytest

from infrastructure.local.states.map_items import ItemsUnreadable, csv_rows, json_array, json_lines
from infrastructure.local.states.map_run import Tolerance


def test_given_rows_then_columns_are_named_by_the_first_or_by_the_reader() -> None:
    first = {"CSVHeaderLocation": "FIRST_ROW"}
    assert list(csv_rows('a,b\r\n1,"x\ny"\r\n\r\n2\r\n3,4,5\r\n', first)) == [
        {"a": "1", "b": "x\ny"},
        {"a": "2", "b": ""},
        {"a": "3", "b": "4"},
    ]
    given = {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE"}
    assert list(csv_rows("1|2\n", given)) == [{"a": "1", "b": "2"}]


def test_given_nothing_then_a_header_is_missing_but_lines_are_not() -> None:
    with pytest.raises(ItemsUnreadable, match="headers"):
        list(csv_rows("", {"CSVHeaderLocation": "FIRST_ROW"}))
    assert list(json_lines("\n \n", {})) == []


def test_given_separators_inside_a_text_then_a_line_goes_on() -> None:
    assert list(json_lines('"a\u2028b\x85c"\n1', {})) == ["a\u2028b\x85c", 1]


@pytest.mark.parametrize("text", ["", "NaN", "[1,]", "[1e999]"])
def test_given_what_is_no_json_then_it_is_unreadable(text: str) -> None:
    with pytest.raises(ItemsUnreadable):
        list(json_array(text, {}))


@pytest.mark.parametrize(
    ("tolerance", "failed", "exceeded"),
    [
        (Tolerance(), 0, False),
        (Tolerance(), 1, True),
        (Tolerance(count=2), 2, False),
        (Tolerance(count=2), 3, True),
        (Tolerance(percentage=50), 5, False),
        (Tolerance(percentage=50), 6, True),
        (Tolerance(count=9, percentage=10), 2, True),
        (Tolerance(percentage=100), 10, False),
    ],
)
def test_given_failures_of_ten_items_then_the_share_decides(
    tolerance: Tolerance, failed: int, exceeded: bool
) -> None:
    assert tolerance.exceeded(failed, 10) is exceeded
