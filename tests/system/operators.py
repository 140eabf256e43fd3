"""Operators of the system tests, run in real worker processes. They know the old event and nothing of Mediawright."""

import os
import sys
import time


def echo(event, context):
    """Complete, with what the Configuration says is to be made."""
    configuration = event["Configuration"]
    return {
        **event,
        "Status": "Complete",
        "MetaData": configuration.get("Make", {}),
        "Media": configuration.get("MakeMedia", {}),
    }


def seen(event, context):
    """Complete, with the whole event as metadata."""
    return {"Status": "Complete", "MetaData": {event["Name"]: event}}


def nap(event, context):
    """Sleep, and append a line with run, operation, begin and end (seconds of the machine's one clock) to a file."""
    begin = time.monotonic()
    time.sleep(event["Configuration"].get("Seconds", 0.05))
    line = f"{event['WorkflowExecutionId']} {event['Name']} {begin} {time.monotonic()} {os.getpid()}\n"
    with open(event["Configuration"]["Log"], "a") as log:
        log.write(line)
    return {**event, "Status": "Complete"}


def chatty(event, context):
    """Print, as people do."""
    print("hello from", event["Name"])
    print("second line")
    return {**event, "Status": "Complete"}


def raises(event, context):
    raise ValueError("the sound is missing: 'quoted'\nand a second line")


def garbage(event, context):
    return event["Configuration"].get("Answer")


def large(event, context):
    filler = event["Configuration"].get("Filler", "x") * event["Configuration"]["Count"]
    return {"Status": "Complete", "MetaData": {event["Name"]: filler}}


def leaves(event, context):
    os._exit(7)


def hangs(event, context):
    time.sleep(60)


def not_json(event, context):
    return {"Status": "Complete", "MetaData": {"file": sys.stdout}}


def no_number(event, context):
    return {"Status": "Complete", "MetaData": {"n": float("nan")}}


class MasExecutionError(Exception):
    """As the old helper's."""


def old_failure(event, context):
    raise MasExecutionError({**event, "Status": "Error", "MetaData": {"TranscribeError": "no speech"}})


def begin(event, context):
    """An asynchronous start."""
    return {**event, "Status": "Executing", "MetaData": {"JobId": "job-7", "Polls": "0"}}


def look(event, context):
    """An asynchronous monitor, done at the third look."""
    polls = int(event["MetaData"]["Polls"]) + 1
    done = polls >= 3
    return {
        **event,
        "Status": "Complete" if done else "Executing",
        "MetaData": {"JobId": "job-7", "Polls": str(polls)},
    }


def never(event, context):
    """A monitor that is never done."""
    return {**event, "Status": "Executing"}


def logs(event, context):
    """Append a line with the idempotency key to a file; fail while another file, if one is named, isn't there."""
    configuration = event["Configuration"]
    with open(configuration["Log"], "a") as log:
        log.write(event["IdempotencyKey"] + "\n")
    if "Until" in configuration and not os.path.exists(configuration["Until"]):
        raise RuntimeError("not yet")
    return {**event, "Status": "Complete", "MetaData": {event["Name"]: configuration.get("Value", 1)}}


def keeps_token(event, context):
    """A callback's start: leave the token in a file for whoever does the work."""
    with open(event["Configuration"]["File"], "a") as file:
        file.write(event["TaskToken"] + "\n")


def refuses_token(event, context):
    raise ValueError("the service doesn't take the job")


def waits(event, context):
    """Complete once a file is there."""
    while not os.path.exists(event["Configuration"]["File"]):
        time.sleep(0.01)
    return {**event, "Status": "Complete"}


class InvalidInput(Exception):
    """As the helper's: the input is wrong and will be."""


def invalid(event, context):
    with open(event["Configuration"]["Log"], "a") as log:
        log.write(event["IdempotencyKey"] + "\n")
    raise InvalidInput("no such language")
