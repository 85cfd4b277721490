"""Commands and readers for the command line."""
