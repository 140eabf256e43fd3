"""What the bucket holds of a batch goes when the batch's time is over.

DynamoDB removes the record by itself and tells nobody. So the end of a batch notes when it expires, in the order of
those times, and the sweep deletes the objects of what has. No lifecycle rule of the bucket could: it would go by age
alone, and delete the reports of batches that are kept for longer or are still running.
"""

from __future__ import annotations

from chalicelib.aws import clock, objects
from chalicelib.batches import bucket, store

_MOST = 50


def forget_expired(seconds: float = 20) -> int:
    """Delete the objects of the batches that have expired, for so many seconds; answers of how many it did.

    What is cut short or fails goes on with the next sweep, since the note stays until all objects are gone.
    """
    until = clock.seconds() + seconds
    forgotten = 0
    for note in store.expired(int(clock.seconds()), _MOST):
        # one that was taken up again expires by the note of its next end, if at all
        if store.find(note.batch_id) is None:
            for _ in objects.delete_under(bucket.prefix(note.batch_id)):
                if clock.seconds() >= until:
                    return forgotten
            forgotten += 1
        store.commit([store.delete_expiry(note)])
        if clock.seconds() >= until:
            break
    return forgotten
