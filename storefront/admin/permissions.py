"""Who may open what: every address of the admin with the role that it needs. What is not here is nobody's."""

from storefront.admin.models import OWNER, STAFF, StaffUser

OPEN = ("admin.sign_in", "admin.invite")  # to those who are not signed in
NEEDS: dict[str, str] = {
    # today
    "admin.home": STAFF,
    "admin.sign_out": STAFF,
    "admin.retry_letter": STAFF,
    "admin.guide": STAFF,
    # orders
    "admin.orders": STAFF,
    "admin.export_orders": STAFF,
    "admin.order": STAFF,
    "admin.add_note": STAFF,
    "admin.ship": STAFF,
    "admin.deliver": STAFF,
    "admin.release": STAFF,
    "admin.complete": STAFF,
    "admin.cancel_order": STAFF,
    "admin.refund_order": STAFF,
    "admin.accept_order": STAFF,
    "admin.refund_bill": STAFF,
    "admin.resend_letter": STAFF,
    "admin.replace_link": STAFF,
    "admin.restock": STAFF,
    "admin.capture_bill": STAFF,
    "admin.ask_gateway": STAFF,
    "admin.evidence": STAFF,
    # the desk
    "admin.desk_list": STAFF,
    "admin.desk_row": STAFF,
    "admin.desk_deed": STAFF,
    "admin.take_desk_row": STAFF,
    # goods
    "admin.products": STAFF,
    "admin.quick_edit": STAFF,
    "admin.new_product": STAFF,
    "admin.product": STAFF,
    "admin.add_variant": STAFF,
    "admin.add_picture": STAFF,
    "admin.arrange_pictures": STAFF,
    "admin.movements": STAFF,
    "admin.imports": STAFF,
    "admin.upload_import": STAFF,
    "admin.do_import": STAFF,
    "admin.undo_import": STAFF,
    "admin.export_goods": STAFF,
    # texts
    "admin.text_pages": STAFF,
    "admin.text_page": STAFF,
    # the owner's
    "admin.methods": OWNER,
    "admin.method": OWNER,
    "admin.settlements": OWNER,
    "admin.upload_settlement": OWNER,
    "admin.settlement": OWNER,
    "admin.settings": OWNER,
    "admin.topic": OWNER,
    "admin.staff_list": OWNER,
    "admin.invite_staff": OWNER,
    "admin.link_staff": OWNER,
    "admin.switch_staff": OWNER,
    "admin.trail": OWNER,
    "admin.board": OWNER,
    "admin.check_books": OWNER,
}


def may(person: StaffUser, endpoint: str) -> bool:
    """Whether this person's role opens an address."""
    needed = NEEDS.get(endpoint)
    return needed is not None and (needed == STAFF or person.role == OWNER)
