"""Operators that need others: one that judges by its configuration, and one that somebody else answers."""

from mediawright import InvalidInput, Task, operator


@operator
def check(task: Task) -> None:
    """Sync: fails for good when the text is too short."""
    words = len(task.download("Text").read_text().split())
    if words < task.configuration["MinWords"]:
        raise InvalidInput(f"the text has {words} words")
    task.add_metadata(words=words)


@operator(asynchronous=True)
def order(task: Task) -> None:
    """Callback: leaves its token, with which somebody answers, in the folder of the run."""
    slip = task.directory / "token.txt"
    slip.write_text(str(task.token))
    task.upload(slip)
