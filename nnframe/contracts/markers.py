"""The two decorators of pluggy: one marks a hook, the other a plugin's function for it."""

from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("nnframe")
hookimpl = pluggy.HookimplMarker("nnframe")
