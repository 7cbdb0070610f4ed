"""Every page of the admin, on its one blueprint."""

from storefront.admin import order_list, signing_in
from storefront.admin.room import bp

__all__ = ["bp", "order_list", "signing_in"]
