"""Nets in files; README.md beside this file is the guide."""
