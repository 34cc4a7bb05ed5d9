"""``resolver.hashes`` gives what ``hashlib`` gives, and loads no OpenSSL."""

from __future__ import annotations

import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from resolver.hashes import sha256


@given(content=st.binary(max_size=300))
def test_the_hash_is_that_of_hashlib(content: bytes) -> None:
    assert sha256(content).hexdigest() == hashlib.sha256(content).hexdigest()


def test_no_openssl_is_loaded() -> None:
    program = "import sys, resolver.hashes; sys.exit('_hashlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
