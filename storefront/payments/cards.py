"""Types of cards, and how they are called."""

CARDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "maestro": "Maestro",
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "dankort": "Dankort",
    "cb": "CB",
    "bancontact": "Bancontact",
}
