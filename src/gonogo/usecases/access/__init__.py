"""Who comes to the desk: people, their roles and tokens, and how they sign in and stay signed in.

`people` knows them; `invitations` are one-time links, `sign_in` is by password (`passwords` says what
one has to be), `openid` by an account elsewhere, which `gonogo.usecases.openid_policy` believes or not;
`sessions` are how a browser stays somebody's. What a person may then do says
`gonogo.usecases.permissions`.
"""
