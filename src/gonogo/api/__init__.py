"""The desk's HTTP interface: translate in, call a use case, render out."""
