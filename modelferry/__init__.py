"""Modelferry: convert a model, and have it proven that it computes the same.

from modelferry import Modelferry

ferry = Modelferry()
result = ferry.convert("model.keras", to="onnx", output="model.onnx")
"""

from modelferry.client import Modelferry
from modelferry.conversion import Conversion
from modelferry.errors import ModelferryError
from modelferry.job import Job, LogLine
from modelferry.types import Compatibility, Coverage, JobView, ModelView, SamplesView, Target

__all__ = [
    "Compatibility",
    "Conversion",
    "Coverage",
    "Job",
    "JobView",
    "LogLine",
    "ModelView",
    "Modelferry",
    "ModelferryError",
    "SamplesView",
    "Target",
]
