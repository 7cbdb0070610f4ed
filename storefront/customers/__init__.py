"""Who buys: guests by e-mail, customers with an account, their address book, and addresses of every country.

Verbs: sign_up, sign_in, renew_hash, guest, load_user, folded_email; save_address, change_address, address_of,
addresses_of, delete_address, prefer_address; countries, country_name, subdivisions, layout, tidied, problems, lines.
Forms: AddressForm, and valid_email for any form that asks for one.
"""

from storefront.customers.addresses import countries, country_name, layout, lines, problems, subdivisions, tidied
from storefront.customers.emails import folded_email
from storefront.customers.forms import AddressForm, valid_email
from storefront.customers.service import (
    address_of,
    addresses_of,
    change_address,
    delete_address,
    guest,
    load_user,
    prefer_address,
    renew_hash,
    save_address,
    sign_in,
    sign_up,
)
from storefront.customers.text import plain_line

__all__ = [
    "AddressForm",
    "address_of",
    "addresses_of",
    "change_address",
    "countries",
    "country_name",
    "delete_address",
    "folded_email",
    "guest",
    "layout",
    "lines",
    "load_user",
    "plain_line",
    "prefer_address",
    "problems",
    "renew_hash",
    "save_address",
    "sign_in",
    "sign_up",
    "subdivisions",
    "tidied",
    "valid_email",
]
