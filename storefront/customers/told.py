"""What the rest of the shop is told about accounts, without customers knowing who listens."""

from blinker import signal

email_confirmed = signal("email-confirmed")  # sent with customer_id, when somebody has shown that an e-mail is theirs
devices_forgotten = signal("devices-forgotten")  # sent with customer_id and fresh: every session of theirs has ended
