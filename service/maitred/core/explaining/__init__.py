"""Why an action was proposed or refused, in plain words."""
