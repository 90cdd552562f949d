"""The guard as it may be misconfigured, and applications that do not do as they should: nobody gets in by it."""

import asyncio
import time
from typing import Any

import pytest
from servers import KEY, SECRET
from test_asgi import echo, gate, post, scope, serve

from doorward import ConfigError, sign
from doorward.asgi import Guard

pytestmark = pytest.mark.thread_unsafe


async def _never(*_: Any) -> Any:
    raise AssertionError("not to be called")


@pytest.mark.parametrize("paths", ["/health", "", b"/health"])
@pytest.mark.parametrize("name", ["open", "plain"])
def test_a_path_is_no_list_of_paths(name: str, paths: Any) -> None:
    """Of its letters the first is ``/``, which is the beginning of all paths."""
    with pytest.raises(TypeError, match="list of paths"):
        Guard(echo, gate(), **{name: paths})


@pytest.mark.parametrize(
    ("name", "paths"),
    [("open", [""]), ("open", ["/"]), ("open", ["//"]), ("open", ["health"]), ("open", ["/ok", " "]), ("plain", [""])],
)
def test_no_path_opens_everything(name: str, paths: list[str]) -> None:
    """What splitting an empty variable gives is such a list."""
    with pytest.raises(ConfigError):
        Guard(echo, gate(), **{name: paths})


def test_all_paths_may_be_no_mcp_endpoints() -> None:
    guarded = Guard(echo, gate(), plain=["/"])
    assert post(guarded, b"anything", "/upload").status_code == 401
    assert post(guarded, b"anything", "/upload", **{"x-api-key": KEY}).text == "key:ci anything"
