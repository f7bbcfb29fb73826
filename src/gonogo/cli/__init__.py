"""The command line: translate in, call a use case or the desk, render out."""
