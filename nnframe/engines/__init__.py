"""The engines that come with nnframe: ``reference`` is there to be read, ``numpy`` to be used."""
