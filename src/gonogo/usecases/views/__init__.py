"""What people look at: the board, pages, lists, and the same as plain data. Nothing here changes anything.

`board` is where every release stands; `service_page`, `version_page` and `release_page` (with its
`release_actions`, `release_gates`, `release_rollout`, `release_series`, `kept_looks`) are one thing each
in full; `summary` is a version on one page, with what was `filed` about it as rows; `history` and
`listings` are what was, page by page; `desk_views` and `paper_views` are plain data for JSON.
"""
