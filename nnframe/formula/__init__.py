"""Derivatives of formulas."""
