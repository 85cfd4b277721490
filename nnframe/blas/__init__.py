"""The BLAS library that numpy multiplies matrices with."""
