"""A bank, played: its page takes the signed form; its server and the browser bring the same message to VK_RETURN.

Its key lies beside its certificate, in the file that the shop has of it: so this bank is none, and a live shop refuses
such a file.
"""

from urllib.parse import urlencode

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.gateways import banklink_files as files, banklink_mac as mac
from storefront.payments.gateways.banklink import CHARSETS, ESTONIA, NOT_PAID, PAID as PAID_THERE
from storefront.payments.gateways.base import Form, Message
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import CANCELLED, DECLINED, PAID

FORM = "application/x-www-form-urlencoded"
BANK = "SANDBOXBANK"


class BanklinkPlayer(Player):
    """The customer of the bank is the configured gateway."""

    @classmethod
    def plays_with(cls, name: str, content: bytes) -> bool:
        """Whoever plays the bank needs the key of its certificate, which no real bank gives away."""
        return name != "bank_certificate" or files.private_key(content) is not None

    def asked(self, message: Message) -> Asked:
        """The form, if it is signed with the shop's key."""
        claimed = message.once("latin-1").get("VK_ENCODING", "")
        fields = message.once(claimed if claimed in CHARSETS else CHARSETS[0])
        if not self._is_the_shops(fields, claimed) or fields["VK_SERVICE"] not in ("1011", "1012"):
            raise Invalid("The bank refuses this form: its signature is missing or wrong.")
        return Asked(
            reference=fields["VK_STAMP"],
            amount_minor=money.parsed(fields["VK_AMOUNT"], fields["VK_CURR"]),
            currency=fields["VK_CURR"],
            ok_url=fields["VK_RETURN"],
            cancel_url=fields["VK_CANCEL"],
            error_url=fields["VK_CANCEL"],
            notify_url=fields["VK_RETURN"],
            kept={"ref": fields["VK_REF"], "encoding": claimed},
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """The bank's server posts what the browser brings, too."""
        if state not in (PAID, DECLINED, CANCELLED):
            return None
        body = urlencode([*self._said(payment, state), ("VK_AUTO", "Y")], encoding=self._charset(payment))
        return Call(str(payment.fields["notify_url"]), body, {"Content-Type": FORM})

    def way_back(self, payment: books.SandboxPayment, state: str) -> Form | str:
        """A form that the browser posts; an address alone while nothing is decided."""
        url = str(super().way_back(payment, state))
        if state not in (PAID, DECLINED, CANCELLED):
            return url
        return Form(url, [*self._said(payment, state), ("VK_AUTO", "N")], charset=self._charset(payment).lower())

    def _is_the_shops(self, fields, charset):
        read = self.gateway.around.file
        key = files.private_key(read("private_key"), self.gateway.around.secrets.get("key_password", ""))
        ours = fields.get("VK_SND_ID") == self.gateway.settings["merchant"]
        return ours and key is not None and mac.is_signed(fields, key.public_key(), charset or CHARSETS[0])

    def _said(self, payment, state):
        told = {
            "VK_SERVICE": PAID_THERE if state == PAID else NOT_PAID,
            "VK_VERSION": self.gateway.settings["version"],
            "VK_SND_ID": self.gateway.settings.get("bank") or BANK,
            "VK_REC_ID": self.gateway.settings["merchant"],
            "VK_STAMP": str(payment.fields["theirs"]),
            "VK_REF": str(payment.fields["ref"]),
            "VK_MSG": str(payment.fields["theirs"]),
        }
        if state == PAID:
            told |= {
                "VK_T_NO": str(payment.id),
                "VK_AMOUNT": money.plain(payment.amount_minor, payment.currency),
                "VK_CURR": payment.currency,
                "VK_REC_ACC": "EE471000001020145685",
                "VK_REC_NAME": "Shop",
                "VK_SND_ACC": "EE382200221020145685",
                "VK_SND_NAME": "Tõõger Leõpäöld",
                "VK_T_DATETIME": f"{payment.created_at.astimezone(ESTONIA):%Y-%m-%dT%H:%M:%S%z}",
            }
        key = files.private_key(self.gateway.around.file("bank_certificate"))
        if key is None:
            raise Invalid("This bank has no key: put one beside its certificate, in the same file.")
        signature = mac.sign(told, key, self._charset(payment))
        names = (*mac.ORDER[told["VK_SERVICE"]],)
        rest = {"VK_MAC": signature, "VK_ENCODING": self._charset(payment), "VK_LANG": "EST"}
        return [*((name, told[name]) for name in names), *rest.items()]

    def _charset(self, payment):
        return str(payment.fields.get("encoding") or CHARSETS[0])
