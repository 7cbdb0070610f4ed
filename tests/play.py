"""The stage and its cast: the one fixture that most stories need. It speaks the shop's words."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from storefront.catalog.models import Variant
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.stock.models import RESERVE_ON_CONFIRM, Stock
from storefront.store.models import Store

import stage
from backstage import Backstage
from visitors import Visitor


class Play(Backstage):
    """Sets the stage through the shop's own verbs, and sends people in through its front door."""

    def __init__(self, app, url: str):
        self.app, self.url = app, url
        self._visitors: list[Visitor] = []

    # --- the stage ---

    def shop(self, **settings) -> Store:
        """The shop, opened if it is not; with these settings (`payment_window_min=10`)."""
        with transaction():
            return stage.open_shop(**settings)

    def shelves(self, *, price: int = stage.PRICE, policy: str = RESERVE_ON_CONFIRM, **goods: int) -> list[Variant]:
        """An open shop with so many of each: `shelves(mug=5, tea_towel=2)`; prices in cents."""
        with transaction():
            stage.open_shop()
            return [stage.put_on_shelf(name, number, price=price, policy=policy) for name, number in goods.items()]

    def variant(self, name: str) -> Variant:
        """What stands on the shelf under this name."""
        found = db.session.scalar(select(Variant).filter_by(sku=name.replace("_", "-").upper()))
        assert found, f"There is no {name} on the shelves."
        return found

    def on_shelf(self, name: str) -> int:
        """How many of it can still be promised to somebody."""
        self.look_again()
        return db.session.get_one(Stock, self.variant(name).id).available

    # --- time ---

    def wait(self, **duration: float) -> None:
        """Let time pass for the whole shop: `wait(hours=1)`. Nothing else happens meanwhile."""
        clock.move(timedelta(**duration))

    def look_again(self) -> None:
        """Forget what the database said before."""
        db.session.rollback()
        db.session.expire_all()

    # --- people ---

    def visitor(self, name: str = "somebody") -> Visitor:
        """A person with a browser and cookies of their own."""
        visitor = Visitor(self.url, name)
        self._visitors.append(visitor)
        return visitor

    # --- letters ---

    def mails(self) -> list[EmailMessage]:
        """The letters in the mail folder, oldest first."""
        folder = Path(unquote(urlsplit(self.app.config["MAIL_URL"]).path))
        files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def letters(self) -> list[str]:
        """The subjects of the letters in the mail folder, oldest first."""
        return [mail["Subject"] for mail in self.mails()]

    def end(self) -> None:
        """The curtain: everybody goes home."""
        for visitor in self._visitors:
            visitor.http.close()
        db.session.rollback()
