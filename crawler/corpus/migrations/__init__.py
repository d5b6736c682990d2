"""One SQL file a migration, applied in the order of their names; the last words of `schema.py` say how."""
