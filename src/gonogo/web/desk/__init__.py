"""The live desk: pages that a whole team works from, in the reader's own language."""
