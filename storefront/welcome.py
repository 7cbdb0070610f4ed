"""What the person reads who has just started the shop."""

from urllib.parse import unquote, urlsplit

from flask import Flask


def text(app: Flask) -> str:
    """Where everything is, and how to sign in; for the terminal."""
    address = app.config["PUBLIC_URL"]
    lines = [
        "",
        f"  The shop is open:  {address}",
        f"  Behind the counter: {address}/admin/",
        f"  Letters it writes:  {_letters(app.config['MAIL_URL'])}",
        "",
        "  Orders and money are real."
        if app.config["LIVE"]
        else "  A test shop: the sandbox plays the bank, no money moves.",
        f"  {sign_in()}",
        "  Ctrl-C closes the shop; `make run` opens it again with everything in its place.",
        "",
    ]
    return "\n".join(lines)


def sign_in() -> str:
    """How staff come in the first time."""
    return "To sign in, make yourself the owner:  .venv/bin/flask staff add you@example.com --role owner"


def _letters(mail_url):
    where = urlsplit(mail_url)
    if where.scheme == "file":
        return unquote(where.path)
    return "this terminal" if where.scheme == "console" else f"sent through {where.hostname}"
