"""nnframe's own engines: ``reference`` to read, ``numpy`` to use."""
