"""One page, one file: reads through use cases, hands plain values to its template."""
