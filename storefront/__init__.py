"""A web shop that a small merchant can trust with money.

Read app.py for what there is, checkout/steps.py for how a purchase begins, orders/settling.py for how
it ends, and notices/table.py and jobs/schedule.py for everything that happens by itself.
"""
