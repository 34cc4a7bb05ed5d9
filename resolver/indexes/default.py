"""The index that is asked where none is configured."""

from __future__ import annotations

__all__ = ["default_index_url"]


def default_index_url() -> str:
    """The simple API of the Python Package Index, with a trailing slash.

    The address is taken from ``pypi_simple``, which is slow to import: call this only where no index is set.
    """
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT.rstrip("/") + "/"
