"""Files that were uploaded to be looked at first: kept for a day, found again by a token that only we can make."""

import secrets
import time
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _

from storefront.kit import signing
from storefront.kit.errors import Conflict

SECONDS = 24 * 3600
_SALT = "import file"


def keep(name: str, data: bytes) -> str:
    """Keep a file for a day; gives the token that finds it again."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.csv"):
        if old.stat().st_mtime < time.time() - SECONDS:
            old.unlink(missing_ok=True)
    file = f"{secrets.token_hex(16)}.csv"
    (folder / file).write_bytes(data)
    return signing.signed({"file": file, "name": name}, _SALT)


def kept(token: str) -> tuple[str, bytes]:
    """The name and the content of a kept file. Raises Invalid for a token that is not ours, Conflict if it is gone."""
    found = signing.unsigned(token, _SALT, SECONDS)
    try:
        return found["name"], (_folder() / found["file"]).read_bytes()
    except OSError as error:
        raise Conflict(_("The file is not kept any more: choose it again"), state="gone") from error


def _folder() -> Path:
    return current_app.config["DATA_DIR"] / "imports"
