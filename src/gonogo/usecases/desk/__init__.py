"""The desk itself: its health, its audit chain, its keys, and shutting down what it runs.

`operation` verifies the chain, examines the desk and takes everything down; `controllers` is the health
of its tasks; `keys` are those it signs with; `heads` signs the chain's head and checks the chain by it.
What is signed of one release is in `gonogo.usecases.bundling`.
"""
