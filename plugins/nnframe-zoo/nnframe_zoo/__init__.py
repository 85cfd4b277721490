"""Activations, losses and optimizers for nnframe, one file each; nnframe imports those that a net names."""
