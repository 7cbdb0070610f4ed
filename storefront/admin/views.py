"""Every page of the admin, on its one blueprint."""

from storefront.admin import (
    goods,
    home,
    imports,
    methods,
    order_deeds,
    order_list,
    order_page,
    product_page,
    product_pictures,
    refunds,
    settings,
    signing_in,
    staff_pages,
    text_pages,
)
from storefront.admin.room import bp

__all__ = [
    "bp",
    "goods",
    "home",
    "imports",
    "methods",
    "order_deeds",
    "order_list",
    "order_page",
    "product_page",
    "product_pictures",
    "refunds",
    "settings",
    "signing_in",
    "staff_pages",
    "text_pages",
]
