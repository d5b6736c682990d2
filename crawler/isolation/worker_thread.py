"""A thread for one parse: what libxml2 remembers of a hostile text ends with it.

libxml2 keeps the name of every element and attribute that a thread ever met, for the life of the thread. A page of 2 MB
that names 20,000 attributes nobody else uses leaves 2.5 MB behind: a process that parsed 100 of them, as many as a host
may have us fetch in a few minutes, was larger by 250 MB, and one that parsed 60 of them here by 3. A thread costs 50
microseconds, a page's parse 600 and more (measured with lxml 6.1, libxml2 2.14).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Given = ParamSpec("_Given")
_Parsed = TypeVar("_Parsed")


def in_own_thread(parse: Callable[_Given, _Parsed], *args: _Given.args, **kwargs: _Given.kwargs) -> _Parsed:
    """Return what `parse` returns, called in a thread that ends with it.

    A tree is as good as any afterwards, and holds the names it needs. The parser must be made inside: one that is kept
    keeps the names of the last thread it was used in, and hands them on.

    Args:
        parse: makes a parser and a tree.
        args: its arguments.
        kwargs: likewise.

    Raises:
        Exception: whatever `parse` raises.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(parse, *args, **kwargs).result()
