"""The built-in callbacks; `nnframe.callbacks` has them under their public names."""
