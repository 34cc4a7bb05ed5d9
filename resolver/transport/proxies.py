"""Which proxy a URL goes through, with the meaning of ``urllib.request.getproxies_environment`` but over a
mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

__all__ = ["proxy_for"]


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy's URL for ``url``, or ``None``: ``https_proxy`` before ``HTTPS_PROXY``, then ``all_proxy``;
    what ``no_proxy`` names goes direct. ``HTTP_PROXY`` is not believed in a CGI script, where clients can set
    it."""
    proxies = _proxies(environ)
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or _bypasses(parts.netloc.rpartition("@")[2], proxies):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    upper = {name.lower(): value for name, value in environ.items() if name.lower().endswith("_proxy")}
    if "REQUEST_METHOD" in environ:
        upper.pop("http_proxy", None)
    lower = {name: value for name, value in environ.items() if name.endswith("_proxy")}
    return {name.removesuffix("_proxy"): value for name, value in {**upper, **lower}.items()}


def _bypasses(host: str, proxies: dict[str, str]) -> bool:
    if "no" not in proxies:
        return False
    import urllib.request

    # It is in no type stub, but documented with getproxies() and unchanged since Python 3.3.
    bypass: Callable[[str, dict[str, str]], object] = getattr(urllib.request, "proxy_bypass_environment")  # noqa: B009
    return bool(bypass(host, {"no": proxies["no"]}))
