"""The optimizers that come with nnframe, one file each."""
