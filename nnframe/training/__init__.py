"""A call of `nNet.nEpochs`: check the settings, prepare a task for the engine, run the epochs."""
