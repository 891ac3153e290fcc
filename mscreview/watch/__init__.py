"""Asks the registry and the literature what is new. The only room that knows a network."""
