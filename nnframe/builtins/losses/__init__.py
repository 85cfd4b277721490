"""The built-in losses."""
