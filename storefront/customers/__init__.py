"""Who buys: guests by e-mail, customers with an account, their address book, and addresses of every country.

Verbs: sign_up, sign_in, renew_hash, guest, load_user, folded_email; confirm_email, confirm_token, ask_to_confirm,
ask_for_email; knows_password, change_password, forget_password, recovering, recovery_token, recover,
sign_out_everywhere; erase; save_address, change_address, address_of, addresses_of, delete_address, prefer_address;
COUNTRIES, countries, country_name, subdivisions, layout, tidied, problems, lines.
Forms: AddressForm, and valid_email for any form that asks for one. Who wants to hear of accounts: told.py.
"""

from storefront.customers.addresses import (
    COUNTRIES,
    countries,
    country_name,
    layout,
    lines,
    problems,
    subdivisions,
    tidied,
)
from storefront.customers.confirming import ask_for_email, ask_to_confirm, confirm_email, confirm_token
from storefront.customers.emails import folded_email
from storefront.customers.erasing import erase
from storefront.customers.forms import AddressForm, valid_email
from storefront.customers.secrets import (
    change_password,
    forget_password,
    knows_password,
    recover,
    recovering,
    recovery_token,
    sign_out_everywhere,
)
from storefront.customers.service import (
    MOST_ADDRESSES,
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
    "COUNTRIES",
    "MOST_ADDRESSES",
    "AddressForm",
    "address_of",
    "addresses_of",
    "ask_for_email",
    "ask_to_confirm",
    "change_address",
    "change_password",
    "confirm_email",
    "confirm_token",
    "countries",
    "country_name",
    "delete_address",
    "erase",
    "folded_email",
    "forget_password",
    "guest",
    "knows_password",
    "layout",
    "lines",
    "load_user",
    "plain_line",
    "prefer_address",
    "problems",
    "recover",
    "recovering",
    "recovery_token",
    "renew_hash",
    "save_address",
    "sign_in",
    "sign_out_everywhere",
    "sign_up",
    "subdivisions",
    "tidied",
    "valid_email",
]
