"""A FastAPI application behind the gate, its own routes and all.

JWT_SECRET=a-secret-of-at-least-32-bytes-kept-well python fastapi_app.py
"""

import os
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI

from doorward import Gate, Principal
from doorward.starlette import Guard, Requires, principal

app = FastAPI()
# These routes are no MCP endpoints: credential and limits are checked, and bodies are the routes' own.
app.add_middleware(Guard, gate=Gate.from_env(), open=["/health"], plain=["/me", "/reports"])


@app.get("/health")
def health() -> str:
    """Open to all."""
    return "ok"


@app.get("/me")
def me(caller: Annotated[Principal, Depends(principal)]) -> dict[str, object]:
    """Who is calling."""
    return {"id": caller.id, "scopes": caller.scopes}


@app.post("/reports")
def reports(
    report: dict[str, str], caller: Annotated[Principal, Depends(Requires(scopes=["reports:write"]))]
) -> dict[str, str]:
    """Needs a scope."""
    return {**report, "by": caller.id}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning", proxy_headers=False
    )
