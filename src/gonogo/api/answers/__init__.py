"""What answers look like. A later version may add fields to them, and takes none away.

Times are ISO 8601 with their zone, durations are seconds, shares are between 0 and 1. null: not known,
or there is none.

`shapes` are what all answers have in common; the other files say what is answered about each thing.
"""
