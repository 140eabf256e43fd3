"""Operators with large results, on the helper, run in real workers."""

import mediawright

TEXTS = {
    "ascii": "x",
    "two bytes": "é",
    "three bytes": "字",
    "four bytes": "😀",
    "quotes": '"',
    "lines": "\n",
}


def document(kind, size):
    """A document whose JSON text has about so many bytes in UTF-8."""
    if kind == "rows":
        return {"rows": [{"t": number, "label": "cat"} for number in range(size // 30)]}
    character = TEXTS[kind]
    width = 2 if kind in ("quotes", "lines") else len(character.encode())
    return {"text": character * (size // width)}


@mediawright.operator
def stores(task):
    """Store a document, and read it back as a later operator would."""
    given = document(task.configuration["Kind"], task.configuration["Bytes"])
    task.store_metadata(given)
    [page] = task.dataplane.metadata_pages(task.asset_id, task.name)
    task.add_metadata({task.name: page["results"] == given})


@mediawright.operator
def stores_pages(task):
    """Store two pages, each too large for one call, and read them back."""
    given = [document(task.configuration["Kind"], task.configuration["Bytes"]) for _ in range(2)]
    task.store_metadata_pages(given)
    read = [page["results"] for page in task.dataplane.metadata_pages(task.asset_id, task.name)]
    task.add_metadata({task.name: read == given})
