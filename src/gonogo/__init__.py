"""The release desk: from handoff to verified production, or back."""
