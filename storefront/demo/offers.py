"""Two offers to try: a code for ten percent, and free delivery, which waits to be switched on."""

from storefront import promotions


def load() -> None:
    """WELCOME10 takes ten percent off, once a customer; "Free delivery from 60" is there, switched off."""
    ten = promotions.save(None, name="Welcome", label="Ten percent to begin with", priority=100, limit_per_customer=1)
    promotions.put_part(ten.id, "conditions", None, {"type": "coupon"})
    promotions.put_part(ten.id, "actions", None, {"type": "percent", "rate_ppm": 100_000})
    promotions.add_code(ten.id, "WELCOME10")
    promotions.switch(ten.id, True)
    free = promotions.save(None, name="Free delivery from 60", label="Free delivery", priority=200)
    promotions.put_part(free.id, "conditions", None, {"type": "sum", "least_minor": 6000})
    promotions.put_part(free.id, "actions", None, {"type": "free_shipping", "rate_ppm": 1_000_000})
