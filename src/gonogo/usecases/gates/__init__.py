"""What gates look at, and what people say to them: sign-offs, waivers, freezes.

`gathering` brings together what a desk's gates are asked about; `sign_offs` and `waivers` are what
people say to them, `standing` which of it holds now. Without a desk, `local_check` asks the gates of a
gonogo.yaml over files and git, and `patch_guard` holds one change against its limits. The gates
themselves are `gonogo.gates`.
"""
