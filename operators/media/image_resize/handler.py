"""`ImageResize`: a picture in another size, upright, without what the camera noted."""

from __future__ import annotations

from mediawright import Task, media, operator
from operators.media import fitting, image_files, operation

_SUMMARY = ("Format", "Width", "Height", "Frames", "HasAlpha", "Bytes")


@operator(configuration_schema=media.configuration_schema("ImageResize"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "ImageResize")
    limit = operation.deadline(task)
    given = image_files.read(operation.fetched(task), limit, animated=parameters["Animated"])
    fit, background = parameters["Fit"], parameters["Background"]
    box = fitting.target(given.size, parameters.get("Width"), parameters.get("Height"), fit)
    image_files.demand_bounded(len(given.frames), box)
    resized = given.changed(lambda frame: fitting.fitted(frame, box, fit, background))
    path, facts = image_files.write(resized, task.directory, image_files.Writing.of(parameters), limit)
    facts |= operation.publish(task, "Image", path, facts["ContentType"])
    operation.report(task, facts, operation.some(facts, _SUMMARY))
