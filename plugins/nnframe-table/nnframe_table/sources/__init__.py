"""Where cells come from: files of several formats, and data frames in memory, all read a chunk of rows at a time."""
