"""A cache of the tests' own, so that what earlier versions left plays no part."""

import os
import tempfile

os.environ["NNFRAME_NUMBA_CACHE"] = tempfile.mkdtemp(prefix="nnframe-numba-tests-")
