"""How a service comes to the desk: its first `gonogo.yaml`, its check, its registration, its adoption.

`first_spec` proposes the file from what a repository says; `specs` checks one, compares it and registers
the service; `adoption` takes over what runs already, without touching it.
"""
