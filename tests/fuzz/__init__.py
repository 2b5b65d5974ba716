"""Inputs that nobody means: each ends with one sentence and exit code 2, or with a model; never with a traceback or a hang."""
