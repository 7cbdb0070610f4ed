"""The states of a return. The code behind each guard and effect is in returning.py."""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

ANNOUNCED, RECEIVED, SETTLED, DECLINED, WITHDRAWN = "ANNOUNCED", "RECEIVED", "SETTLED", "DECLINED", "WITHDRAWN"
OPEN = (ANNOUNCED, RECEIVED)

RETURN = Machine(
    "order_return",
    # event, from, to; when it may, and what follows from it
    (
        "received",
        (ANNOUNCED,),
        RECEIVED,
        _l("The goods are in the house, at most as many as were sent and are not back yet."),
        _l("What staff say goes back on the shelf; the shopper is told."),
    ),
    (
        "settled",
        (RECEIVED,),
        SETTLED,
        _l("Staff have decided what goes back, or what is sent instead; after the days of the desk time decides."),
        _l("The refund is asked for, or the replacement stands; the order may be completed."),
    ),
    (
        "declined",
        (ANNOUNCED,),
        DECLINED,
        _l("Staff say that it is not taken back."),
        _l("The shopper is told why."),
    ),
    (
        "withdrawn",
        (ANNOUNCED,),
        WITHDRAWN,
        _l("The shopper keeps the goods, or they have not arrived in time."),
        _l("The order may be completed."),
    ),
)
