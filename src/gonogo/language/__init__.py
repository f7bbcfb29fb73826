"""How a person reads: words, numbers, dates and direction. Pure; everything inside stays UTC and plain."""
