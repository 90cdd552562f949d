"""For the official MCP SDK (``mcp`` 2.x).

``Guard`` puts the whole gate around ``streamable_http_app()``; ``TokenVerifier`` is for the SDK's own
``token_verifier=``, which verifies tokens and nothing else: no limits, no policy, no API keys in a header of their own.
In either case ``get_access_token()`` carries the claims, and ``requires`` guards a tool.

The SDK binds its sessions to whoever opened them, by the access token's client, issuer and subject: another's is a 404.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from mcp.server.auth.middleware.auth_context import auth_context_var, get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel
from starlette.authentication import AuthCredentials

from . import asgi
from ._doorward import Admitted, ApiKeys, Gate, Principal, Verifier
from ._errors import ApiKeyError, ConfigError, TokenError
from ._jwks import KeyFetcher, identified
from ._requires import Requirement

if TYPE_CHECKING:
    import httpx

__all__ = ["Guard", "ListFilter", "NotAllowed", "TokenVerifier", "access_token", "get_access_token", "requires"]

Tool = TypeVar("Tool", bound=Callable[..., Any])

#: The claim in which access tokens have their roles: those that were found, and that the issuer may give.
ROLES = "roles"


class NotAllowed(ToolError):
    """The caller lacks a scope or a role for a tool: the tool's result is an error."""


def access_token(principal: Principal, token: str = "", *, resource: str | None = None) -> AccessToken:
    """What ``get_access_token()`` gives of a principal.

    ``client_id`` is the token's ``client_id`` or ``azp``, else the principal's canonical id; ``subject`` and ``claims``
    are the token's, but for ``claims["roles"]``, which are the principal's: none that its issuer may not give.
    """
    claims = {**(principal.claims or {}), ROLES: list(principal.roles)}
    client = claims.get("client_id") or claims.get("azp")
    return AccessToken(
        token=token,
        client_id=client if isinstance(client, str) else principal.id,
        scopes=list(principal.scopes),
        expires_at=None if principal.expires is None else int(principal.expires),
        resource=resource,
        subject=principal.subject or principal.id,
        claims=claims,
    )


class Guard(asgi.Guard):
    """``doorward.asgi.Guard``, and what the SDK knows callers by: its sessions are then bound to who opened them.

    >>> app = Guard(server.streamable_http_app(), Gate.from_env())  # doctest: +SKIP
    """

    async def _serve(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send, admitted: Admitted) -> None:
        bearer = asgi._bearer(scope["headers"]).decode("latin-1")
        user = AuthenticatedUser(access_token(admitted.principal, bearer))
        scope["user"], scope["auth"] = user, AuthCredentials(list(user.scopes))
        before = auth_context_var.set(user)
        try:
            await super()._serve(scope, receive, send, admitted)
        finally:
            auth_context_var.reset(before)


class TokenVerifier:
    """The SDK's ``TokenVerifier`` protocol: tokens by a ``Verifier``, API keys behind ``Bearer`` by an ``ApiKeys`` set.

    Where the verifier's keys are fetched, this fetches them. ``introspect`` is asked for whatever is neither.
    ``resource`` goes into the access token, for the SDK's ``validate_token_resource``: name the audience that the
    verifier demands. A token that names nobody is refused. It enforces no limits and no policy: see ``Guard``.
    """

    def __init__(
        self,
        verifier: Verifier | None = None,
        *,
        api_keys: ApiKeys | None = None,
        introspect: Callable[[str], Awaitable[AccessToken | None]] | None = None,
        resource: str | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """Raises ``ConfigError``: there is nothing to verify with."""
        if verifier is None and api_keys is None and introspect is None:
            raise ConfigError("name a verifier, a set of API keys or an introspect function")
        self._verifier = verifier
        self._api_keys = api_keys
        self._introspect = introspect
        self._resource = resource
        self._fetcher = KeyFetcher(http_client)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access token, or nothing: the SDK then answers 401."""
        # By its shape, and never tried twice.
        if self._verifier is not None and token.count(".") == 2:
            try:
                who = await identified(self._fetcher, self._verifier, token)
            except TokenError:
                return None
            return access_token(who, token, resource=self._resource)
        if self._api_keys is not None:
            try:
                return access_token(self._api_keys.identify(token), token, resource=self._resource)
            except ApiKeyError:
                pass
        return None if self._introspect is None else await self._introspect(token)


#: Lists, and by what of an item it is known.
_LISTS: dict[str, tuple[str, str]] = {
    "tools/list": ("tools", "name"),
    "prompts/list": ("prompts", "name"),
    "resources/list": ("resources", "uri"),
    "resources/templates/list": ("resourceTemplates", "uriTemplate"),
}


class ListFilter:
    """Server middleware: lists show callers what they may reach by the gate's policy, and nothing else.

    ``MCPServer("name", middleware=[ListFilter(gate)])``, behind a ``Guard`` of the same gate. It hides and does not
    protect: the guard decides on whatever is called.
    """

    def __init__(self, gate: Gate) -> None:
        """``gate`` is the guard's."""
        self._gate = gate

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Leaves out of a list's result what is not the caller's."""
        result = await call_next(ctx)
        if ctx.method not in _LISTS or result is None:
            return result
        items, name = _LISTS[ctx.method]
        if isinstance(result, BaseModel):
            result = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        if items not in result:
            return result
        who = asgi.principal_of(getattr(ctx.request, "scope", {}))
        shown = self._gate.filter(who, ctx.method, result[items], key=lambda item: str(item[name]))
        private = {"cacheScope": "private"} if "cacheScope" in result else {}
        return {**result, items: shown, **private}


def roles_of(token: AccessToken) -> list[str]:
    """The roles in an access token's claims: ``roles``, else ``role``; an array of strings, or one."""
    claims = token.claims or {}
    found = claims.get("roles", claims.get("role"))
    if isinstance(found, str):
        return [found]
    return [role for role in found if isinstance(role, str)] if isinstance(found, list) else []


def check(requirement: Requirement, tool: str) -> None:
    """Raises ``NotAllowed`` unless the caller has what it takes."""
    token = get_access_token()
    if token is None:
        raise NotAllowed("authentication required")
    lacking = requirement.lacking(token.scopes, roles_of(token))
    if lacking is not None:
        raise NotAllowed(f"{lacking}: {tool} is not yours to call")


def requires(*, scopes: Iterable[str] = (), roles: Iterable[str] = ()) -> Callable[[Tool], Tool]:
    """A tool that needs all of these scopes and one of these roles, where any are named; goes under ``@server.tool()``.

    Whoever lacks them gets a tool result that is an error. The gate's policy can say the same, and answers 403, by
    which clients know to ask for more scopes: prefer it where there is a gate.
    """
    requirement = Requirement(scopes, roles)

    def decorate(tool: Tool) -> Tool:
        name = tool.__name__
        if inspect.iscoroutinefunction(tool):

            @functools.wraps(tool)
            async def later(*args: Any, **kwargs: Any) -> Any:
                check(requirement, name)
                return await tool(*args, **kwargs)

            return later  # type: ignore[return-value]

        @functools.wraps(tool)
        def now(*args: Any, **kwargs: Any) -> Any:
            check(requirement, name)
            return tool(*args, **kwargs)

        return now  # type: ignore[return-value]

    return decorate
