"""Runs the command in all processes."""

import io
import sys
from contextlib import redirect_stdout

from results import leave

from nnframe.cli import main

printed = io.StringIO()
with redirect_stdout(printed):
    main(["scale", "8", "6", "3", "--batch", "16", "--nodes", "1", "2"])
sys.stdout.flush()
leave(printed.getvalue().splitlines())
