"""What happens in a call of `nNet.nEpochs`: the settings are checked, a task is made for the engine, the epochs run."""
