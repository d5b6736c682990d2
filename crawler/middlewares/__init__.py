"""Manners and safety of a download."""
