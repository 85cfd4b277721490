"""Activations and losses for nnframe, one file each; nnframe imports those that a net names."""
