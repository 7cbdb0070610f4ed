"""Carts that are ready to be confirmed: `python -m bench.baskets B-0-S 200` prints a cart cookie for each."""

import sys

from sqlalchemy import select

from storefront import cart, customers
from storefront.app import create_app
from storefront.cart import service, visitor
from storefront.kit import ids, signing
from storefront.kit.db import db, transaction
from storefront.payments.models import PaymentMethod

HOME = {"name": "Ann Shopper", "line1": "Brīvības iela 1", "city": "Rīga", "postcode": "LV-1001", "country": "LV"}


def main(sku: str, many: str) -> None:
    """One of a thing in each of so many carts, with an address and a way to pay."""
    app = create_app()
    with app.app_context(), app.test_request_context():
        method = db.session.scalars(select(PaymentMethod.id).filter_by(code="card")).one()
        for _ in range(int(many)):
            print(_basket(sku, method))


def _basket(sku, method_id):
    token = ids.new_key()
    with transaction():
        basket = service.start(ids.digest(token), "EUR")
        cart.add(basket, sku, 1)
        home = customers.save_address(HOME)
        cart.choose(basket, email="ann@example.com", shipping_address_id=home.id, payment_method_id=method_id)
    return signing.signed_forever(token, visitor._SALT)


if __name__ == "__main__":
    main(*sys.argv[1:])
