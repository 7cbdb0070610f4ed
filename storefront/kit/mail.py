"""Sending a letter: to an SMTP server, to a folder, or to the terminal, by MAIL_URL."""

import os
import smtplib
import ssl
import tempfile
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

from storefront.kit import clock
from storefront.kit.db import release
from storefront.kit.errors import Unavailable


def letter(*, to: str, sender: tuple[str, str], subject: str, text: str, html: str, reference: str) -> EmailMessage:
    """A letter with a text and an HTML part. `sender` is (name, address).

    `reference` makes its id, so that a letter sent twice after a crash is known as one.
    """
    message = EmailMessage()
    message["From"] = formataddr((" ".join(sender[0].split()), sender[1]))
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = f"<{reference}@{sender[1].rpartition('@')[2] or 'localhost'}>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def send(message: EmailMessage) -> None:
    """Hand the letter over. Raises Unavailable when the server does not take it."""
    release()
    where = urlsplit(current_app.config["MAIL_URL"])
    if where.scheme == "file":
        _keep(message, Path(unquote(where.path)))
    elif where.scheme == "console":
        print(message.as_string())
    else:
        _post(message, where)


def _keep(message, folder):
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{clock.here():%Y%m%d-%H%M%S}-", suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(message.as_bytes())
    os.replace(name, Path(name).with_suffix(".eml"))


def _post(message, where):
    kind = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(
            where.hostname or "localhost", where.port or (465 if where.scheme == "smtps" else 25), timeout=10
        ) as server:
            if where.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server does not take the letter ({type(error).__name__}).") from error
