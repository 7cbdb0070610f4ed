"""Jobs that watch the gateways themselves."""

from storefront import payments
from storefront.jobs.each import each_alone
from storefront.kit.db import transaction


def notice_silence() -> dict[str, int]:
    """Tell the owner, once, when the messages of a gateway are missing, and once more when they are back."""
    return each_alone(payments.watched_gateways(), _listen)


def look_after_keys() -> dict[str, int]:
    """Forget replaced keys whose time is over, and tell the owner, once, of certificates that end within 30 days."""
    return each_alone([config.id for config in payments.configs()], _look_after)


def _look_after(config_id):
    with transaction("look_after_keys"):
        return payments.note_endings(config_id)


def _listen(config_id):
    finding = payments.listen_for(config_id)
    with transaction("notice_silence"):
        return payments.note_silence(config_id, finding)
