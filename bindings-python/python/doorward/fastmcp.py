"""For FastMCP (4.x).

``GateProvider`` is an auth provider that is the whole gate: the right 401s and 403s, and limits that answer 429.
``TokenProvider`` verifies tokens and nothing else, for servers behind a gate of their own. ``Requirements`` is a
FastMCP middleware that says what tools need, and shows nobody the tools they may not call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from fastmcp.exceptions import AuthorizationError
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.auth import AccessToken, AuthProvider
from fastmcp.server.auth import TokenVerifier as FastMCPTokenVerifier
from fastmcp.server.dependencies import get_access_token, get_http_request
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from mcp_types import (
    CallToolRequestParams,
    ListPromptsRequest,
    ListResourcesRequest,
    ListResourceTemplatesRequest,
    ListToolsRequest,
)
from starlette.middleware import Middleware as StarletteMiddleware

from . import asgi, mcp
from ._doorward import Admitted, Gate
from ._errors import ConfigError
from ._requires import Requirement

__all__ = ["GateProvider", "ListFilter", "Requirements", "TokenProvider"]


class _Guard(mcp.Guard):
    """The guard, and a header for FastMCP's own check, which takes nobody for authenticated who sends no ``Bearer``."""

    async def _serve(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send, admitted: Admitted) -> None:
        if not asgi._bearer(scope["headers"]):
            # An API key in a header of its own. Not the key: tools might pass it on.
            others = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            scope["headers"] = [*others, (b"authorization", b"Bearer admitted-by-doorward")]
        await super()._serve(scope, receive, send, admitted)


class GateProvider(AuthProvider):
    """The whole gate as FastMCP's ``auth``: ``FastMCP("name", auth=GateProvider(Gate.from_env()))``.

    Everything the HTTP application serves is behind it. Arguments are those of ``doorward.asgi.Guard``, which see. CORS
    belongs outside the application.
    """

    def __init__(self, gate: Gate, **options: Any) -> None:
        """``options`` are the guard's: ``open``, ``plain``, ``peer``, ``http_client``, ``redis`` and the look-ups."""
        super().__init__()
        self._gate = gate
        self._options = options

    def get_middleware(self) -> list[Any]:
        """The guard, in place of FastMCP's bearer middleware."""
        return [StarletteMiddleware(_Guard, gate=self._gate, **self._options)]

    async def verify_token(self, token: str) -> AccessToken | None:
        """Never asked: the guard has decided before. Nobody is let in by a token alone."""
        return None


class TokenProvider(FastMCPTokenVerifier):
    """``doorward.mcp.TokenVerifier`` as FastMCP's ``auth``: credentials behind ``Bearer``, no limits, no policy."""

    def __init__(self, verifier: mcp.TokenVerifier, **options: Any) -> None:
        """``options`` are FastMCP's: ``base_url``, ``required_scopes``, ``resource_base_url``."""
        super().__init__(**options)
        self._verifier = verifier

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access token, or nothing: FastMCP then answers 401."""
        found = await self._verifier.verify_token(token)
        return None if found is None else AccessToken(**{**found.model_dump(), "claims": found.claims or {}})


Item = TypeVar("Item")


class ListFilter(Middleware):
    """Lists show callers what they may reach by the gate's policy: ``FastMCP(…, middleware=[ListFilter(gate)])``.

    For servers with a ``GateProvider`` of the same gate. It hides and does not protect: the gate decides on whatever is
    called.
    """

    def __init__(self, gate: Gate) -> None:
        """``gate`` is the provider's."""
        self._gate = gate

    def _shown(self, method: str, items: Sequence[Item], name: Callable[[Item], str]) -> list[Item]:
        return self._gate.filter(asgi.principal_of(get_http_request().scope), method, items, key=name)

    async def on_list_tools(
        self,
        context: MiddlewareContext[ListToolsRequest],
        call_next: CallNext[ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """Tools, by their names."""
        return self._shown("tools/list", await call_next(context), lambda tool: tool.name)

    async def on_list_prompts(
        self,
        context: MiddlewareContext[ListPromptsRequest],
        call_next: CallNext[ListPromptsRequest, Sequence[Prompt]],
    ) -> Sequence[Prompt]:
        """Prompts, by their names."""
        return self._shown("prompts/list", await call_next(context), lambda prompt: prompt.name)

    async def on_list_resources(
        self,
        context: MiddlewareContext[ListResourcesRequest],
        call_next: CallNext[ListResourcesRequest, Sequence[Resource]],
    ) -> Sequence[Resource]:
        """Resources, by their URIs."""
        return self._shown("resources/list", await call_next(context), lambda resource: str(resource.uri))

    async def on_list_resource_templates(
        self,
        context: MiddlewareContext[ListResourceTemplatesRequest],
        call_next: CallNext[ListResourceTemplatesRequest, Sequence[ResourceTemplate]],
    ) -> Sequence[ResourceTemplate]:
        """Templates, by theirs."""
        return self._shown("resources/templates/list", await call_next(context), lambda one: str(one.uri_template))


class Requirements(Middleware):
    """What tools need: ``Requirements({"delete": {"roles": ["admin"]}, "export": {"scopes": ["export"]}})``.

    Of scopes all, of roles one. A call without is an error, and the tool is not in the caller's list. The gate's policy
    can say the same, and answers 403: prefer it where there is a gate.
    """

    def __init__(self, tools: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Raises ``ConfigError``: a tool that needs nothing, or something other than ``scopes`` and ``roles``."""
        if any(needs.keys() - {"scopes", "roles"} for needs in tools.values()):
            raise ConfigError("a tool needs scopes and roles alone")
        self._tools = {
            name: Requirement(needs.get("scopes", ()), needs.get("roles", ())) for name, needs in tools.items()
        }

    def _is_allowed(self, tool: str) -> bool:
        requirement = self._tools.get(tool)
        if requirement is None:
            return True
        token = get_access_token()
        return token is not None and requirement.lacking(token.scopes, mcp.roles_of(token)) is None

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Refuses, or calls."""
        if not self._is_allowed(context.message.name):
            raise AuthorizationError(f"{context.message.name} is not yours to call")
        return await call_next(context)

    async def on_list_tools(
        self,
        context: MiddlewareContext[ListToolsRequest],
        call_next: CallNext[ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """Leaves out what the caller may not call."""
        return [tool for tool in await call_next(context) if self._is_allowed(tool.name)]
