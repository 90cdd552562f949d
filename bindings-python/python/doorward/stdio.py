"""For servers on stdin and stdout: the credential comes from the environment, once, when the server starts.

stdout is the protocol's: what is wrong is one line on stderr, and exit status 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from .headers import Authenticator, Caller, Rejected

__all__ = ["MCP_API_KEY", "authenticate"]

#: The usual name of the variable.
MCP_API_KEY = "MCP_API_KEY"


def authenticate(
    authenticator: Authenticator, *, variable: str = MCP_API_KEY, environ: Mapping[str, str] | None = None
) -> Caller:
    """Who started the server: the owner of the key or token in that variable of the environment (or of ``environ``).

    Where there is none, or a bad one, says so on stderr, in one line without the credential, and exits with status 1.
    """
    credential = (os.environ if environ is None else environ).get(variable, "").strip()
    if not credential:
        _exit(f"{variable} environment variable is required")
    try:
        return authenticator.credential(credential)
    except Rejected as error:
        _exit(f"{variable} environment variable is refused ({error.code})")


def _exit(why: str) -> NoReturn:
    print(why, file=sys.stderr, flush=True)
    raise SystemExit(1)
