"""Keys of a request's meta that spiders and middlewares share."""

PAGE = "houxu_page"
"""Set where the request is a visit, not a poll."""

TDMREP = "houxu_tdmrep"
"""The tdmrep.json of the host that a visit reached."""
