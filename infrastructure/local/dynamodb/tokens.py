"""Words of DynamoDB's expressions, document paths, and the names and values that a request lends to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from infrastructure.local.dynamodb.errors import DynamoError, invalid
from infrastructure.local.dynamodb.limits import check_expression_size
from infrastructure.local.dynamodb.values import Attributes, Value, to_value

Path = tuple[str | int, ...]

_TOKEN = re.compile(r"\s*([#:]\w+|[A-Za-z_]\w*|\d+|<>|<=|>=|[=<>+\-(),.\[\]])", re.ASCII)
_RESERVED = frozenset(word.upper() for word in ReservedKeywords.get_reserved_keywords())
_WORD = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


class Scope:
    """A request's ExpressionAttributeNames and ExpressionAttributeValues."""

    __slots__ = ("_used", "names", "values")

    def __init__(self, body: dict[str, Any]) -> None:
        self.names: dict[str, str] = body.get("ExpressionAttributeNames") or {}
        wire = body.get("ExpressionAttributeValues") or {}
        self.values: dict[str, Value] = {name: to_value(value) for name, value in wire.items()}
        for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            if body.get(kind) == {}:
                raise invalid(f"{kind} must not be empty")
        self._used: set[str] = set()

    def use(self, placeholders: Iterable[str], label: str) -> None:
        """Note what an expression refers to; raises a ValidationException for what the request doesn't define."""
        for name in placeholders:
            if name[0] == "#" and name not in self.names:
                raise invalid(
                    f"Invalid {label}: An expression attribute name used in the document path is not defined; "
                    f"attribute name: {name}"
                )
            if name[0] == ":" and name not in self.values:
                raise invalid(
                    f"Invalid {label}: An expression attribute value used in expression is not defined; "
                    f"attribute value: {name}"
                )
            self._used.add(name)

    def check_all_used(self) -> None:
        """Refuse names and values that no expression refers to."""
        for kind, given in (("Names", self.names), ("Values", self.values)):
            unused = [name for name in given if name not in self._used]
            if unused:
                keys = ", ".join(unused)
                raise invalid(f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{keys}}}")

    def resolve(self, path: Path) -> Path:
        """A path with its `#names` replaced by attribute names."""
        return tuple(self.names[step] if isinstance(step, str) and step[0] == "#" else step for step in path)


def look_up(attributes: Attributes, path: Path) -> Value | None:
    """The value at a resolved path, or None."""
    value = attributes.get(path[0])  # type: ignore[arg-type]  # a path begins with a name
    for step in path[1:]:
        if value is None:
            return None
        kind, content = value
        if isinstance(step, str):
            value = content.get(step) if kind == "M" else None
        else:
            value = content[step] if kind == "L" and step < len(content) else None
    return value


class Tokens:
    """One expression cut into words, and the placeholders met while reading them."""

    def __init__(self, text: str, label: str) -> None:
        check_expression_size(text, label)
        self.label = label
        self.words: list[str] = []
        self.place = 0
        self.placeholders: set[str] = set()
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.broken(text[position : position + 10].strip())
            self.words.append(match[1])
            position = match.end()

    def peek(self, ahead: int = 0) -> str:
        """A coming word, empty at the end."""
        place = self.place + ahead
        return self.words[place] if place < len(self.words) else ""

    def next(self) -> str:
        """Read one word."""
        word = self.peek()
        self.place += 1
        return word

    def keyword(self, word: str) -> bool:
        """Read this keyword if it comes next (in any case)."""
        if self.peek().upper() != word:
            return False
        self.place += 1
        return True

    def expect(self, word: str) -> None:
        """Read exactly this word; raises a ValidationException otherwise."""
        if self.next().upper() != word:
            self.place -= 1
            raise self.broken(self.peek())

    def broken(self, token: str) -> DynamoError:
        """A syntax error at a token."""
        near = " ".join(self.words[max(0, self.place - 1) : self.place + 2])
        return invalid(f'Invalid {self.label}: Syntax error; token: "{token or "<EOF>"}", near: "{near}"')

    def value_name(self) -> str:
        """Read a `:value`."""
        word = self.next()
        if not word.startswith(":"):
            self.place -= 1
            raise self.broken(self.peek())
        self.placeholders.add(word)
        return word

    def path(self) -> Path:
        """Read a document path such as `#a.b[3]`."""
        steps: list[str | int] = [self._name()]
        while self.peek() in (".", "["):
            if self.next() == ".":
                steps.append(self._name())
                continue
            index = self.next()
            if not index.isdigit():
                raise self.broken(index)
            steps.append(int(index))
            self.expect("]")
        return tuple(steps)

    def _name(self) -> str:
        word = self.next()
        if word.startswith("#"):
            self.placeholders.add(word)
            return word
        if not _WORD.match(word):
            self.place -= 1
            raise self.broken(self.peek())
        if word.upper() in _RESERVED:
            raise invalid(f"Invalid {self.label}: Attribute name is a reserved keyword; reserved keyword: {word}")
        return word

    def finish(self) -> frozenset[str]:
        """All placeholders met; raises a ValidationException when words are left."""
        if self.place < len(self.words):
            raise self.broken(self.peek())
        return frozenset(self.placeholders)


def check_overlaps(paths: list[Path], label: str) -> None:
    """Refuse two resolved paths of which one contains the other."""
    if len(paths) == 1:
        return
    if all(len(path) == 1 for path in paths) and len(set(paths)) == len(paths):
        return
    for number, one in enumerate(paths):
        for other in paths[number + 1 :]:
            shorter = min(len(one), len(other))
            if one[:shorter] == other[:shorter]:
                raise invalid(
                    f"Invalid {label}: Two document paths overlap with each other; must remove or rewrite one of "
                    f"these paths; path one: {_shown(one)}, path two: {_shown(other)}"
                )


def _shown(path: Path) -> str:
    return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in path) + "]"
