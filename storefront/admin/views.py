"""Every page of the admin, on its one blueprint."""

from storefront.admin import home, order_deeds, order_list, order_page, refunds, signing_in
from storefront.admin.room import bp

__all__ = ["bp", "home", "order_deeds", "order_list", "order_page", "refunds", "signing_in"]
