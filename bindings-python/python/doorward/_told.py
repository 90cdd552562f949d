"""What the operator is told by the logger ``doorward``: decisions, and once each what is amiss with the settings."""

from __future__ import annotations

import logging
import math
import time

from ._doorward import Admitted, Denial

logger = logging.getLogger("doorward")

#: When to tell again that shared limits can't be counted, in seconds.
AGAIN = 60.0

_NOTES = {
    "authorization_scheme_ignored": "Authorization had another scheme than Bearer",
    "api_key_header_ignored": "an API key was sent, and none are configured",
    "forwarding_header_ignored": "a forwarding header came from a peer that is not among TRUSTED_PROXIES: behind a "
    "proxy, all callers then share its address",
}

#: Refusals that are everybody's, where the settings are at fault.
_SETTINGS = {
    "address_unknown": "requests come without their peer's address, and are refused: tell it by peer=",
    "host_not_allowed": "a request's Host is not one this server answers to: see PUBLIC_URL and ALLOWED_HOSTS "
    "(public_url= and allowed_hosts=)",
}

_ANSWERED_BY = {"shared_limit": "redis=", "api_key": "api_key_look_up=", "introspection": "introspect="}


class Told:
    """What was told already, and when."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def _is_news(self, what: str, again: float = math.inf) -> bool:
        now, last = time.monotonic(), self._told.get(what)
        if last is not None and now - last < again:
            return False
        self._told[what] = now
        return True

    def decision(self, decided: Admitted | Denial, began: float) -> None:
        """A decision on what began then, by ``time.perf_counter``."""
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", decided.audit(round((time.perf_counter() - began) * 1e6)))
        for note in decided.notes:
            if self._is_news(note):
                logger.warning("%s: %s", note, _NOTES.get(note, "see the documentation"))
        if isinstance(decided, Denial) and decided.code in _SETTINGS and self._is_news(decided.code):
            logger.warning("%s: %s", decided.code, _SETTINGS[decided.code])

    def nobody(self, kind: str | None) -> None:
        """The gate asked, and there is nobody to answer."""
        if kind is not None and self._is_news(kind):
            by = _ANSWERED_BY.get(kind, "nothing there is")
            logger.error("the gate has questions of kind %s, and nobody answers them: that is for %s", kind, by)

    def uncounted(self, error: Exception) -> None:
        """Redis did not answer. The error's text may hold an address or more, so only its class is told."""
        if self._is_news("uncounted", AGAIN):
            logger.warning("shared limits can't be counted (%s): their fallback holds", type(error).__name__)
