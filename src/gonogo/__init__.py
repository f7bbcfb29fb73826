"""The release desk: from handoff to verified production, or back."""

__version__ = "0.1.0"
