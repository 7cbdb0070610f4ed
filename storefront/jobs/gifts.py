"""The job about gift certificates: their last day."""

from storefront import certificates
from storefront.jobs.each import batches, each


def end_certificates() -> dict[str, int]:
    """End the certificates whose last day is over; a code that is too old pays nothing even before that."""
    return each(batches(certificates.overdue), certificates.end_certificate)
