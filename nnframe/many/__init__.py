"""Many nets: trained side by side by any executor, and answering together as an ensemble."""

from nnframe.many.ensemble import Ensemble
from nnframe.many.job import Job, JobResult
from nnframe.many.training import train_many

__all__ = ["Ensemble", "Job", "JobResult", "train_many"]
