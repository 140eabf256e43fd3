"""E-mail through SES."""

from __future__ import annotations

from chalicelib.aws.clients import client, code


class NotSent(Exception):
    """SES didn't take a message; the text is SES's code, which names nobody."""


def send(sender: str, recipient: str, subject: str, text: str) -> None:
    """Send one plain message. Raises NotSent."""
    from botocore.exceptions import BotoCoreError, ClientError

    content = {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": {"Text": {"Data": text, "Charset": "UTF-8"}}}
    try:
        client("sesv2").send_email(
            FromEmailAddress=sender, Destination={"ToAddresses": [recipient]}, Content={"Simple": content}
        )
    except ClientError as error:
        raise NotSent(code(error)) from error
    except BotoCoreError as error:
        raise NotSent(type(error).__name__) from error
