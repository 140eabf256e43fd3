"""An operator without the helper: an event in, an answer out."""


def lambda_handler(event: dict, _context: object) -> dict:
    text = event["Input"]["Media"]["Text"]
    return {**event, "Status": "Complete", "MetaData": {"source": text["S3Key"]}}
