"""The schedules that come with nnframe, one file each."""
