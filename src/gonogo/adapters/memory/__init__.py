"""Twins of the ports that live in memory: for tests, and for simulations in virtual time."""
