"""A pytest plug-in: in PyJWT's own tests, ``jwt`` is the drop-in. ``HAND_OVER`` names what it hands over."""

import os
import sys

import jwt  # PyJWT itself, before its name is taken

import doorward.pyjwt

if os.environ.get("HAND_OVER"):
    doorward.pyjwt.hand_over(*os.environ["HAND_OVER"].split(","))  # type: ignore[arg-type]

for _name in [name for name in sys.modules if name == "jwt" or name.startswith("jwt.")]:
    _ours = sys.modules.get(_name.replace("jwt", "doorward.pyjwt", 1))
    if _ours is not None:
        sys.modules[_name] = _ours
assert sys.modules["jwt"] is not jwt
