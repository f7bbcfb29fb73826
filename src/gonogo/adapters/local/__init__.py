"""Versions from a git repository of this machine, run as processes of this machine.

One vendor in several files: `source` names versions, `workshop` lays out their files and runs their
commands, `deployer` runs them. The rest is what these three share.
"""
