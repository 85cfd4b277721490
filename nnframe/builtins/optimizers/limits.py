"""What the parameters of the built-in optimizers can be."""

from __future__ import annotations

import math

# From the smallest value to what it must be below.
UNIT = (0.0, 1.0)
NOT_NEGATIVE = (0.0, math.inf)
