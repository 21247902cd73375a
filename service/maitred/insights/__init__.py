"""What experiments have shown: the decision log read beside the service. Needs the extra ``insights``."""
