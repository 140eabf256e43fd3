"""`ImageConvert`: a picture in another format, upright, without what the camera noted."""

from __future__ import annotations

from mediawright import Task, media, operator
from operators.media import image_files, operation

_SUMMARY = ("Format", "Width", "Height", "Frames", "HasAlpha", "Bytes")


@operator(configuration_schema=media.configuration_schema("ImageConvert"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "ImageConvert")
    limit = operation.deadline(task)
    given = image_files.read(operation.fetched(task), limit, animated=parameters["Animated"])
    path, facts = image_files.write(given, task.directory, image_files.Writing.of(parameters), limit)
    facts |= operation.publish(task, "Image", path, facts["ContentType"])
    operation.report(task, facts, operation.some(facts, _SUMMARY))
