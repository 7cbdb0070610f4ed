"""Tools that know nothing of shops."""
