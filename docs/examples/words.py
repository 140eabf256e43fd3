from mediawright import Task, operator


@operator
def count(task: Task) -> None:
    words = task.download("Text").read_text().split()
    task.add_metadata(words=len(words))
    task.store_metadata({"longest": sorted(set(words), key=len)[-10:]})
