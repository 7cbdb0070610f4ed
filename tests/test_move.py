"""A shop moves from one database to another, SQLite or PostgreSQL, and nothing is lost on the way (MNT-03)."""

import pytest
from sqlalchemy import func, select

from storefront import catalog, moving
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, NotFound
from storefront.orders.models import Order

import databases
from conftest import Shop
