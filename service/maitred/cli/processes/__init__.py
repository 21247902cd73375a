"""The processes of ``serve``."""

WORKER_VARIABLE = "MAITRED_WORKER"
"""Set by the first process for those it starts; its value is the number of the worker."""
