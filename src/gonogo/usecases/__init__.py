"""One function for each thing a person can do, with its permission check."""
