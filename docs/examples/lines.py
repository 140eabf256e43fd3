"""Operators for docs/operators.md: one with a schema, derived media and pages, and one of two functions."""

from mediawright import InvalidInput, Task, operator

SCHEMA = {
    "type": "object",
    "properties": {
        "MediaType": {"const": "Text"},
        "Enabled": {"type": "boolean"},
        "LinesPerPage": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}


@operator(configuration_schema=SCHEMA)
def number(task: Task) -> None:
    """Sync: numbers a text's lines, keeps them in pages, and hands on the numbered text and how many there are."""
    lines = task.download("Text").read_text().splitlines()
    if not lines:
        raise InvalidInput("the text is empty")
    numbered = task.directory / "numbered.txt"
    numbered.write_text("".join(f"{at} {line}\n" for at, line in enumerate(lines, start=1)))
    task.add_media("NumberedText", *task.upload(numbered))
    size = task.configuration.get("LinesPerPage", 100)
    task.store_metadata_pages({"lines": lines[at : at + size]} for at in range(0, len(lines), size))
    task.add_metadata(lines=len(lines))


@operator(asynchronous=True)
def begin(task: Task) -> None:
    """Async, its start: would ask a service for a job, of which the key makes one however often it is asked."""
    task.add_metadata(job=task.idempotency_key, looks=0)


@operator(asynchronous=True)
def look(task: Task) -> None:
    """Async, its monitor: finds what the start, or the look before, has handed on."""
    task.add_metadata(looks=task.results["looks"] + 1)
    if task.results["looks"] == 2:
        task.complete()
