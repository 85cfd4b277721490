"""The state of a training run, in a file and back."""
