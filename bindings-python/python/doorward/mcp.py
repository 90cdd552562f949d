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
from typing import Any, TypeVar

from mcp.server.auth.middleware.auth_context import auth_context_var, get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver.exceptions import ToolError
from starlette.authentication import AuthCredentials

from . import asgi
from ._doorward import Admitted, ApiKey, ApiKeys, Claims, Jwks, Principal, Verifier
from ._errors import ApiKeyError, ConfigError, TokenError, UnknownKey
from ._jwks import KeyFetcher
from ._requires import Requirement

__all__ = ["Guard", "NotAllowed", "TokenVerifier", "access_token", "get_access_token", "requires"]

Tool = TypeVar("Tool", bound=Callable[..., Any])

#: The claim that tells roles of somebody who has no token to read them from.
ROLES = "roles"


class NotAllowed(ToolError):
    """The caller lacks a scope or a role for a tool: the tool's result is an error."""


def access_token(principal: Principal, token: str = "") -> AccessToken:
    """What ``get_access_token()`` gives of an admitted principal.

    ``client_id`` is the token's ``client_id`` or ``azp``, else the principal's canonical id; ``subject`` and ``claims``
    are the token's. Of an API key, ``claims`` holds its roles.
    """
    claims = dict(principal.claims) if principal.claims is not None else {ROLES: list(principal.roles)}
    client = claims.get("client_id") or claims.get("azp")
    return AccessToken(
        token=token,
        client_id=client if isinstance(client, str) else principal.id,
        scopes=list(principal.scopes),
        expires_at=None if principal.expires is None else int(principal.expires),
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

    ``jwks`` is the ``Jwks`` the verifier was made with, where its keys are fetched. ``introspect`` is asked for
    whatever is neither. ``resource`` goes into the access token, for the SDK's ``validate_token_resource``: name the
    audience that the verifier demands. It enforces no limits and no policy: see ``Guard``.
    """

    def __init__(
        self,
        verifier: Verifier | None = None,
        *,
        api_keys: ApiKeys | None = None,
        jwks: Jwks | None = None,
        introspect: Callable[[str], Awaitable[AccessToken | None]] | None = None,
        resource: str | None = None,
        http_client: Any = None,
    ) -> None:
        """Raises ``ConfigError``: there is nothing to verify with."""
        if verifier is None and api_keys is None and introspect is None:
            raise ConfigError("name a verifier, a set of API keys or an introspect function")
        self._verifier = verifier
        self._api_keys = api_keys
        self._jwks = jwks
        self._introspect = introspect
        self._resource = resource
        self._fetcher = KeyFetcher(http_client)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access token, or nothing: the SDK then answers 401."""
        # By its shape, and never tried twice.
        if self._verifier is not None and token.count(".") == 2:
            claims = await self._claims(self._verifier, token)
            return None if claims is None else self._of_claims(token, claims)
        if self._api_keys is not None:
            try:
                return self._of_key(token, self._api_keys.verify(token))
            except ApiKeyError:
                pass
        return None if self._introspect is None else await self._introspect(token)

    async def _claims(self, verifier: Verifier, token: str) -> Claims | None:
        if self._jwks is not None:
            self._fetcher.refresh(self._jwks)
        try:
            return verifier.verify(token)
        except UnknownKey:
            if self._jwks is None:
                return None
        except TokenError as error:
            if self._jwks is None or error.code != "keys_unavailable":
                return None
        await self._fetcher.fetched(self._jwks)
        try:
            return verifier.verify(token)
        except TokenError:
            return None

    def _of_claims(self, token: str, claims: Claims) -> AccessToken:
        client = claims.get("client_id") or claims.get("azp") or claims.sub
        return AccessToken(
            token=token,
            client_id=client if isinstance(client, str) else "",
            scopes=list(claims.scopes),
            expires_at=None if claims.exp is None else int(claims.exp),
            resource=self._resource,
            subject=claims.sub,
            claims=dict(claims),
        )

    def _of_key(self, token: str, key: ApiKey) -> AccessToken:
        return AccessToken(
            token=token,
            client_id=f"key:{key.id}",
            scopes=list(key.scopes),
            expires_at=None if key.expires is None else int(key.expires),
            resource=self._resource,
            subject=f"key:{key.id}",
            claims={ROLES: list(key.roles)},
        )


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
