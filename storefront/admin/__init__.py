"""Where merchants run the shop: guarded pages that call the same verbs as everybody else.

Verbs: load_user (whose session it is); add, everybody, by_login, new_link, disable, enable (members of staff).
Every change by staff leaves an entry in the trail (`audit.record`); permissions.py says who may open what.
"""

from storefront.admin.staff import add, by_login, disable, enable, everybody, load_user, new_link

__all__ = ["add", "by_login", "disable", "enable", "everybody", "load_user", "new_link"]
