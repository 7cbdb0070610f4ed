"""How often one visitor may do a thing: counted in memory, or in Redis for several machines."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, headers_enabled=False)
