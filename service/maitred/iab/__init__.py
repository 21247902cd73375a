"""IAB consent strings, TCF and GPP; the only place that knows their formats."""

from .bits import IabError
from .reading import gpp_signal, read_gpp, read_tcf, tcf_signal

__all__ = ["IabError", "gpp_signal", "read_gpp", "read_tcf", "tcf_signal"]
