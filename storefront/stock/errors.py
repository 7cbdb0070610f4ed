"""What can go wrong on the shelf."""

from storefront.kit.errors import Conflict


class OutOfStock(Conflict):
    """There are not enough left. `data["short"]` maps SKU to how many there still are."""

    code = "out_of_stock"


class BelowReserved(Conflict):
    """A count below what orders hold. `data["order_ids"]` names the orders."""

    code = "below_reserved"
