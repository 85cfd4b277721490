"""The metrics that come with nnframe, one file each."""
