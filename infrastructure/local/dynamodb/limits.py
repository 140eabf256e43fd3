"""DynamoDB's limits on numbers, keys, items and expressions, as strict as on AWS.

Source: Amazon DynamoDB Developer Guide, "Quotas" and "Supported data types and naming rules".
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation

from infrastructure.local.dynamodb.errors import invalid

MAX_ITEM_BYTES = 400 * 1024
MAX_NESTING = 32
MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024
MAX_EXPRESSION_BYTES = 4096
MAX_OPERATORS = 300
MAX_TRANSACTION_ACTIONS = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_PAGE_BYTES = 1024 * 1024
MAX_BATCH_WRITES = 25
MAX_BATCH_READS = 100
MAX_BATCH_READ_BYTES = 16 * 1024 * 1024

_PLAIN_INTEGER = re.compile(r"-?[1-9][0-9]{0,37}\Z|0\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z", re.ASCII)
_EXACT = Context(prec=38, traps=[InvalidOperation, Inexact])
_SMALLEST, _LARGEST = -130, 125


def normal_number(text: str) -> str:
    """A number as DynamoDB gives it back: no exponent, no zeros at either end; raises a ValidationException."""
    if _PLAIN_INTEGER.match(text):
        return text
    if not _NUMBER.match(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text[:64]}")
    number = Decimal(text)
    if not number:
        return "0"
    _check_magnitude(number)
    try:
        number = _EXACT.plus(number)
    except Inexact as inexact:
        raise invalid("Attempting to store more than 38 significant digits in a Number") from inexact
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _check_magnitude(number: Decimal) -> None:
    if number.adjusted() > _LARGEST:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number.adjusted() < _SMALLEST:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")


def number_size(text: str) -> int:
    """Bytes of a canonical number: one per two significant digits and one more, one more for a sign."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def check_expression_size(text: str, label: str) -> None:
    """Refuse an empty expression and one of more than 4 KB."""
    if not text.strip():
        raise invalid(f"Invalid {label}: The expression can not be empty;")
    size = len(text.encode("utf-8"))
    if size > MAX_EXPRESSION_BYTES:
        raise invalid(
            f"Invalid {label}: Expression size has exceeded the maximum allowed size; expression size: {size}"
        )
