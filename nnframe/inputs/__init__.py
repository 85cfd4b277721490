"""What callers may pass where arrays and numbers are taken."""
