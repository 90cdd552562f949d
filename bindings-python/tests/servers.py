"""The examples, each started as its users start it, on a port of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
KEY = "a-key-nobody-guesses"
ADMIN_KEY = "a-key-only-admins-have"
SECRET = "a-secret-of-at-least-32-bytes-kept-well"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(settings: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "VIRTUAL_ENV", "SYSTEMROOT") if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths, **settings}


@contextlib.contextmanager
def running(example: str, folder: Path = EXAMPLES, **settings: str) -> Iterator[str]:
    """Its address, while it runs."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", str(folder / f"{example}.py")]
    server = subprocess.Popen(command, env=environment({"PORT": str(port), **settings}), stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError((server.stderr.read() if server.stderr else b"").decode())
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.communicate()
