"""For Starlette and FastAPI: who a request is from, and what they must have, behind ``doorward.asgi.Guard``.

``app.add_middleware(Guard, gate=Gate.from_env(), plain=["/reports"])``, and in a route's arguments
``caller: Annotated[Principal, Depends(Requires(scopes=["reports:read"]))]``: see ``examples/fastapi_app.py``.
"""

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from ._doorward import Principal
from ._requires import Requirement
from .asgi import METADATA, Guard, principal_of

__all__ = ["Guard", "Requires", "principal"]


def principal(request: HTTPConnection) -> Principal:
    """Who the request is from. Raises ``RuntimeError``: no guard stands before the route."""
    return principal_of(request.scope)


class Requires:
    """A dependency: all of these scopes, and one of these roles, where any are named. Else 403.

    Gives the ``Principal``. All scopes are named in the challenge, and where to ask for them, where one is lacking (RFC
    6750 §3.1, RFC 9728 §5.1); the limits have counted the request by then.
    """

    def __init__(self, *, scopes: Iterable[str] = (), roles: Iterable[str] = ()) -> None:
        """Any iterable will do but a ``str``."""
        self._requirement = Requirement(scopes, roles)

    def __call__(self, request: HTTPConnection) -> Principal:
        """The caller. Raises Starlette's ``HTTPException``."""
        caller = principal(request)
        lacking = self._requirement.lacking(caller.scopes, caller.roles)
        if lacking is None:
            return caller
        headers = {"cache-control": "no-store"}
        if lacking == "insufficient_scope":
            named = " ".join(self._requirement.scopes)
            metadata = request.scope.get(METADATA)
            where = "" if metadata is None else f', resource_metadata="{metadata}"'
            headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{named}"{where}'
        raise HTTPException(403, detail=lacking, headers=headers)
