"""``tests/vectors/jwks.json``: fetched key sets, as stories on a clock."""

from __future__ import annotations

from typing import Any

import pytest

from doorward import ConfigError, Fetch, Fetched, Jwks
from shared import load, text

FILE = load("jwks.json")
TIMES = {"cooldown": "cooldown", "fresh": "fresh_for", "stale": "stale_for"}


def replied(fetch: Fetch, reply: Any, now: float) -> Fetched | None:
    match reply:
        case "too_large":
            return fetch.too_large(now=now)
        case "unreachable":
            return fetch.unreachable(now=now)
        case "forgotten":
            return None
        case {"status": status, "body": body, **rest} if not rest:
            return fetch.replied(status, text(body), now=now)
        case other:
            raise AssertionError(f"no kind of reply {other}")


@pytest.mark.parametrize("story", FILE["vectors"], ids=lambda story: story["name"])
def test_every_story_goes_as_told(story: dict[str, Any]) -> None:
    assert story.keys() <= {"name", "class", "url", "issuer", "steps", "config_error", *TIMES}
    times = {theirs: story[ours] for ours, theirs in TIMES.items() if ours in story}
    if "config_error" in story:
        with pytest.raises(ConfigError) as raised:
            Jwks(story.get("url"), issuer=story.get("issuer"), **times)
        assert raised.value.code == story["config_error"]
        return
    jwks = Jwks(story.get("url"), issuer=story.get("issuer"), **times)
    under_way: list[Fetch] = []
    for step in story["steps"]:
        step = dict(step)
        now = step.pop("at")
        match step:
            case {"fetch": url, **rest} | {"refresh": url, **rest} if not rest:
                fetch = jwks.fetch(now=now) if "fetch" in step else jwks.refresh(now=now)
                assert (fetch.url if fetch else None) == url
                if fetch is not None:
                    under_way.append(fetch)
                # Only `under_way` may hold it, for one that is let go counts as failed.
                del fetch
            case {"waits": waits, **rest} if not rest:
                assert jwks.is_fetching(now=now) == waits
            case {"standing": standing, **rest} if not rest:
                assert jwks.standing(now=now) == standing
            case {"reply": reply, **told}:
                fetched = replied(under_way.pop(), reply, now)
                if fetched is None:
                    assert told == {"failed": jwks.standing(now=now)["error"]}
                    continue
                if fetched.next is not None:
                    assert told == {"next": fetched.next.url}
                    under_way.append(fetched.next)
                elif fetched.error is not None:
                    assert told == {"failed": fetched.error} and fetched.message
                else:
                    left_out = [list(one) for one in fetched.left_out]
                    assert told == {"loaded": fetched.keys, "left_out": left_out, "changed": fetched.changed}
            case other:
                raise AssertionError(f"no step {other}")


def test_there_are_all_of_them() -> None:
    assert len(FILE["vectors"]) >= 130
