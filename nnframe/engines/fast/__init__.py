"""The numpy engine."""
