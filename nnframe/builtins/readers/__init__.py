"""The built-in readers of training data."""
