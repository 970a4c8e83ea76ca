# OpenCV's own stubs give every picture the type "integers or floats of some size", which no array of ours matches. Its
# functions are taken as untyped instead; the annotations of our own functions say what comes out.
from typing import Any

def __getattr__(name: str) -> Any: ...
