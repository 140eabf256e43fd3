"""Task tokens of a run's open stage, as items of the run: `token#<stage>#<operation>`, positions of two digits.

A Wait's token is kept as it is, since the engine sends it. Of a Callback's only the SHA-256 is kept until somebody
answers with the token itself. What was answered is stored before it is sent, so it survives whoever was to send it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.aws import dynamodb, objects, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.transaction import Write
from chalicelib.definitions.revision import TOKEN_TYPES, Revision
from chalicelib.executions import store
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import Fence, Run

Kind = Literal["wait", "callback"]


@dataclass(frozen=True)
class TokenItem:
    """An open task of a stage.

    `retry` counts how often the state machine has asked again, `expires` is when a Wait is to have been resumed.
    `answered`, `by`, `reason`, `failed` and `outcome` (JSON text) are there once it was answered; `sent` once Step
    Functions has been told.
    """

    stage: int
    operation: int
    attempt: int
    kind: Kind
    since: str
    retry: int = 0
    expires: str | None = None
    token: str | None = None
    digest: str | None = None
    answered: str | None = None
    by: str | None = None
    reason: str | None = None
    failed: bool = False
    outcome: str | None = None
    outcome_ref: str | None = None
    sent: str | None = None

    @property
    def part(self) -> str:
        """The item's sort key."""
        return token_part(self.stage, self.operation)

    @property
    def is_due(self) -> bool:
        """Whether Step Functions is still to be told the answer."""
        return self.answered is not None and self.sent is None


def token_part(stage: int, operation: int) -> str:
    """The sort key of a token, by positions from 0."""
    return f"token#{stage:02}#{operation:02}"


def token_parts(revision: Revision, stage: int) -> list[str]:
    """The sort keys of all tokens that a stage of a run may have."""
    operations = enumerate(revision.stages[stage].operations)
    return [token_part(stage, position) for position, operation in operations if operation.type in TOKEN_TYPES]


def digest(token: str) -> str:
    """What is kept of a token that somebody else is to answer with."""
    return hashlib.sha256(token.encode()).hexdigest()


def of_stage(run: Run) -> list[TokenItem]:
    """The tokens of a run's current stage, strongly consistent."""
    condition = dynamodb.begins(("Id", run.id), ("Part", f"token#{run.current_stage:02}#"))
    return [parsed(item) for item in dynamodb.query(store.table(), condition, consistent=True)]


def read(run: Run, operation: int) -> TokenItem | None:
    """The token of one operation of the current stage."""
    item = dynamodb.get(store.table(), _key(run.id, token_part(run.current_stage, operation)))
    return None if item is None else parsed(item)


def read_many(keys: Sequence[tuple[str, str]]) -> dict[str, list[TokenItem]]:
    """Those of some tokens, by (run, sort key), that exist, by run; strongly consistent."""
    found: dict[str, list[TokenItem]] = {}
    for item in dynamodb.batch_get(store.table(), [_key(run_id, part) for run_id, part in keys]):
        found.setdefault(item["Id"], []).append(parsed(item))
    return found


def put(run: Run, item: TokenItem) -> Write:
    """A new token; refused when the operation has one."""
    attributes: dict[str, Value | None] = {
        **_key(run.id, item.part),
        "Attempt": item.attempt,
        "Kind": item.kind,
        "Since": item.since,
        "Retry": item.retry,
        "Expires": item.expires,
        "Token": item.token,
        "Digest": item.digest,
    }
    return transaction.put(store.table(), attributes, transaction.absent("Id"), RunMoved)


def renewed(known: TokenItem, given: TokenItem, token: str) -> TokenItem:
    """A kept token after the state machine has asked again with another one.

    What was answered counts for the new token, which Step Functions is still to be told. Only a failure that it was
    told is over: the operation is to be tried again.
    """
    if known.answered is None:
        return replace(given, since=known.since, expires=known.expires)
    if known.failed and known.sent:
        return given
    return replace(known, retry=given.retry, token=token, digest=given.digest, sent=None)


def renew(run: Run, known: TokenItem, item: TokenItem) -> Write:
    """Put a renewed token in the place of the known one; refused when that was answered or renewed meanwhile."""
    values: dict[str, Value | None] = {"Retry": item.retry, "Token": item.token, "Digest": item.digest, "Sent": None}
    values |= {"Since": item.since, "Expires": item.expires}
    if item.answered is None:
        values |= dict.fromkeys(("Answered", "By", "Reason", "Failed", "Outcome", "OutcomeRef"))
    return transaction.update(store.table(), _key(run.id, item.part), values, _unchanged(known), RunMoved)


def not_asked(run: Run, part: str) -> Write:
    """Demand that an operation's token hasn't come meanwhile."""
    return transaction.check(store.table(), _key(run.id, part), transaction.absent("Id"), RunMoved)


@dataclass(frozen=True)
class Reply:
    """What a token is answered with: `outcome` is JSON text, `token` is given by whom only its digest was kept."""

    when: str
    by: str
    outcome: str
    failed: bool = False
    reason: str | None = None
    token: str | None = None


def answer(run: Run, item: TokenItem, reply: Reply) -> Write:
    """Store what a token is answered with; refused when it was answered or has been renewed."""
    key = (
        f"{store.object_prefix(run.id)}{run.attempt}/{item.part.replace('#', '-')}-{digest(reply.outcome)[:16]}.json"
    )
    carried = objects.carried(reply.outcome, key)
    values: dict[str, Value | None] = {"Answered": reply.when, "By": reply.by, "Reason": reply.reason}
    values["Failed"] = reply.failed or None
    values |= {"Outcome": carried.get("Text"), "OutcomeRef": carried.get("Ref")}
    if reply.token is not None:
        values["Token"] = reply.token
    return transaction.update(store.table(), _key(run.id, item.part), values, _open(item), RunMoved)


def outcome_of(item: TokenItem) -> str:
    """What an answered token was answered with, as JSON text."""
    return objects.get_text(item.outcome_ref) if item.outcome_ref else item.outcome or ""


def still_open(run: Run, item: TokenItem) -> Write:
    """Demand that nobody has answered a token meanwhile."""
    return transaction.check(store.table(), _key(run.id, item.part), _open(item), RunMoved)


def mark_sent(run: Run, item: TokenItem, when: str) -> Write:
    """Step Functions has been told; refused when the token has been renewed meanwhile."""
    same = Expression("#token = :token", {"#token": "Token"}, {":token": item.token or ""})
    return transaction.update(store.table(), _key(run.id, item.part), {"Sent": when}, same, RunMoved)


def forget(fence: Fence, part: str) -> Write:
    """Remove a token, whether it is there or not."""
    return transaction.delete(store.table(), _key(fence.run_id, part))


def parsed(item: Item) -> TokenItem:
    """A token out of its item."""
    _, stage, operation = item["Part"].split("#")
    return TokenItem(
        stage=int(stage),
        operation=int(operation),
        attempt=item["Attempt"],
        kind=item["Kind"],
        since=item["Since"],
        retry=item["Retry"],
        expires=item.get("Expires"),
        token=item.get("Token"),
        digest=item.get("Digest"),
        answered=item.get("Answered"),
        by=item.get("By"),
        reason=item.get("Reason"),
        failed=item.get("Failed", False),
        outcome=item.get("Outcome"),
        outcome_ref=item.get("OutcomeRef"),
        sent=item.get("Sent"),
    )


def _key(run_id: str, part: str) -> Key:
    return {"Id": run_id, "Part": part}


def _open(item: TokenItem) -> Expression:
    """The item still has the token that was read, and nobody has answered it."""
    return _unchanged(replace(item, answered=None))


def _unchanged(item: TokenItem) -> Expression:
    """The item is of the attempt, the retry and the answer that were read."""
    text = "#attempt = :attempt AND #retry = :retry"
    names = {"#attempt": "Attempt", "#retry": "Retry", "#answered": "Answered"}
    values: dict[str, Value] = {":attempt": item.attempt, ":retry": item.retry}
    if item.answered is None:
        return Expression(f"{text} AND attribute_not_exists(#answered)", names, values)
    return Expression(f"{text} AND #answered = :answered", names, {**values, ":answered": item.answered})
