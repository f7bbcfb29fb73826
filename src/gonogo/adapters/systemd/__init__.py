"""Versions and routers as units of this machine's systemd, which supervises them when no desk is there.

One vendor in several files: `deployer` runs versions, `router` runs HAProxy, `checkup` says whether
systemd can be used. `systemctl` asks and tells the service manager, `folder` keeps the unit files,
`texts` writes them, `names` names them. What runs is processes of this machine, so the output, health,
locks and notes are those of `adapters.local`.
"""
