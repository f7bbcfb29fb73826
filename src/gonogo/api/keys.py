"""The desk's keys, and what is signed with them: bundles, and heads of the audit chain."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Response

from gonogo.api.answers.keys import HeadAnswer, KeysAnswer, PemAnswer, RingAnswer
from gonogo.api.bodies import RevocationBody
from gonogo.domain.actor import Actor
from gonogo.usecases.bundling.build import build_bundle, bundle_name
from gonogo.usecases.context import Context
from gonogo.usecases.desk import heads, keys
from gonogo.usecases.papers.moments import moment_of
from gonogo.usecases.releases.lifecycle import find_release

_Key = Annotated[str, Path(pattern="^[0-9a-f]{8,64}$")]


def add_keys(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""

    @application.get("/api/v1/keys", dependencies=[looking], response_model=KeysAnswer)
    async def list_keys() -> Any:  # noqa: ANN401
        """Every key that the desk signs or signed with, the root first."""
        return await keys.keys_view(context)

    @application.get("/api/v1/keys/ring", dependencies=[looking], response_model=RingAnswer)
    async def get_ring() -> Any:  # noqa: ANN401
        """Public keys and revocations, for readers of bundles."""
        return await keys.exported_ring(context)

    @application.get("/api/v1/keys/public", dependencies=[looking], response_model=PemAnswer)
    async def get_public_key() -> Any:  # noqa: ANN401
        """The root as PEM: what `gonogo verify bundle --key` takes."""
        return {"pem": await keys.public_pem(context)}

    @application.post("/api/v1/keys", status_code=201, response_model=KeysAnswer)
    async def rotate_key(who: Actor = actor) -> Any:  # noqa: ANN401
        """Sign with a new key from now on, endorsed by the one before it."""
        return await keys.rotate(context, who)

    @application.post("/api/v1/keys/{key}/revocation", status_code=201, response_model=KeysAnswer)
    async def revoke_key(key: _Key, body: RevocationBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Say that a key is not trusted from a moment on. The one that signs now is rotated first."""
        since = moment_of(body.since, context.clock.now())
        return await keys.revoke(context, who, key_id=key, since=since, reason=body.reason)

    @application.get(
        "/api/v1/releases/{reference}/bundle",
        dependencies=[looking],
        response_class=Response,
        responses={
            200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}},
        },
    )
    async def get_bundle(reference: str) -> Response:
        """A release as one file of signed statements, to be checked offline."""
        release = await find_release(context, reference)
        content = await build_bundle(context, release)
        return Response(
            content,
            media_type="application/jsonl",
            headers={"Content-Disposition": f'attachment; filename="{bundle_name(release)}"'},
        )

    @application.post("/api/v1/heads", response_model=HeadAnswer)
    async def sign_head(who: Actor = actor) -> Any:  # noqa: ANN401
        """The present head of the audit chain, signed. Put it where others hold it."""
        return heads.head_view(*await heads.sign_head(context, who))
