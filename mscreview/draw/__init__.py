"""Drawings that Altair has no mark for: places are worked out here, from plain rows and fits, without the data tables."""
