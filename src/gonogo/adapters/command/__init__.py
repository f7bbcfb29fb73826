"""Any platform by its scripts: deploy, read back, retire and, where it shares customers itself, weight.

`answer` reads what `read` prints, `scripts` runs all of them, `readings` paces the looking, `deployer`
starts and stops by them, `router` shares customers by them. The contract is in docs/grounds.md.
"""
