"""The kinds of arrays that this worker passes around."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Booleans", "Doubles", "Floats", "Indices", "Longs"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int32]
Longs = NDArray[np.int64]
Booleans = NDArray[np.bool_]
