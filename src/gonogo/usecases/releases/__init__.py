"""A release on its way: starting it, telling it something, and why it stands where it stands.

`lifecycle` starts and finds releases, says a person's word to one and tells its story; `verification` is
a person's check of a promoted one; `decisions` are what its gates said; `why` says its standing in a few
sentences. What drives a release is in `gonogo.controllers`.
"""
