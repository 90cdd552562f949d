"""PyJWT's warnings: its own classes where it is installed, so that filters on them go on working."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._installed import own

__all__ = ["InsecureKeyLengthWarning", "RemovedInPyjwt3Warning"]


class RemovedInPyjwt3Warning(DeprecationWarning):
    """PyJWT 3 will not have it any more."""


class InsecureKeyLengthWarning(UserWarning):
    """The secret is shorter than RFC 7518 §3.2 asks for."""


if not TYPE_CHECKING:
    RemovedInPyjwt3Warning = own("warnings", "RemovedInPyjwt3Warning", RemovedInPyjwt3Warning)
    InsecureKeyLengthWarning = own("warnings", "InsecureKeyLengthWarning", InsecureKeyLengthWarning)
