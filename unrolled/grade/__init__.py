"""Grading strangers' work: a jail for their code, and a run that loses no row."""
