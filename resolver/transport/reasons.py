"""Why a request failed, in a sentence: what urllib3 and the operating system say, without their objects and numbers."""

from __future__ import annotations

import ssl
from http.client import RemoteDisconnected
from socket import gaierror

from urllib3 import exceptions

__all__ = ["reason_of"]


def reason_of(error: BaseException, timeout: float) -> str:
    """The sentence, without the URL; ``timeout`` is in seconds. What the other side said may stand in it as it came."""
    match error:
        case exceptions.IncompleteRead():
            return f"the answer broke off: {error.partial} bytes came, {error.expected} more were promised"
        case exceptions.NewConnectionError():  # counted among the timeouts, and not one
            return f"cannot connect: {_of_system(error.__cause__ or error.__context__ or error)}"
        case exceptions.TimeoutError():
            return f"no answer within {timeout:g} seconds"
        case exceptions.ProxyError(original_error=exceptions.NewConnectionError() as nested):
            return f"cannot connect to the proxy: {_of_system(nested.__cause__ or nested.__context__ or nested)}"
        case exceptions.ProxyError():
            return f"the proxy does not serve it: {error.original_error}"
        case exceptions.SSLError():
            return _of_tls(error.args[0] if error.args else error)
        case exceptions.ProtocolError() if isinstance(error.args[-1], BaseException):
            return reason_of(error.args[-1], timeout)
        case exceptions.DecodeError():
            return "the answer is not compressed as it says"
        case RemoteDisconnected():
            return "the server closed the connection without an answer"
        case OSError():
            return f"the connection failed: {_of_system(error)}"
    return f"the connection failed: {error}"


def _of_system(error: BaseException) -> str:
    match error:
        case gaierror():
            return f"the name of the host is not known ({error.strerror})"
        case ConnectionRefusedError():
            return "nothing listens there (connection refused)"
        case ConnectionResetError():
            return "the other side broke it off (connection reset)"
        case OSError() if error.strerror:
            return error.strerror
    return str(error).rpartition("): ")[2] or type(error).__name__


def _of_tls(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"no TLS connection: {error.reason.replace('_', ' ').lower()}"
    return f"no TLS connection: {error}"
