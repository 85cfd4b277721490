"""``python -m nnframe``, the same as the command ``nnframe``."""

import sys

from nnframe.cli import main

sys.exit(main())
