"""The desk's keys, and what is signed with them: bundles, and heads of the audit chain."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Response

from gonogo.api.bodies import RevocationBody
from gonogo.domain.actor import Actor
from gonogo.usecases import heads, keys
from gonogo.usecases.bundling.build import build_bundle, bundle_name
from gonogo.usecases.context import Context
from gonogo.usecases.moments import moment_of
from gonogo.usecases.releases import find_release

_Key = Annotated[str, Path(pattern="^[0-9a-f]{8,64}$")]


def add_keys(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""

    @application.get("/api/v1/keys", dependencies=[looking])
    async def listing() -> dict[str, Any]:
        return await keys.keys_view(context)

    @application.get("/api/v1/keys/ring", dependencies=[looking])
    async def ring() -> dict[str, Any]:
        return await keys.exported_ring(context)

    @application.get("/api/v1/keys/public", dependencies=[looking])
    async def public() -> dict[str, str]:
        return {"pem": await keys.public_pem(context)}

    @application.post("/api/v1/keys", status_code=201)
    async def rotate(who: Actor = actor) -> dict[str, Any]:
        return await keys.rotate(context, who)

    @application.post("/api/v1/keys/{key}/revocation", status_code=201)
    async def revoke(key: _Key, body: RevocationBody, who: Actor = actor) -> dict[str, Any]:
        since = moment_of(body.since, context.clock.now())
        return await keys.revoke(context, who, key_id=key, since=since, reason=body.reason)

    @application.get("/api/v1/releases/{reference}/bundle", dependencies=[looking])
    async def bundle(reference: str) -> Response:
        release = await find_release(context, reference)
        content = await build_bundle(context, release)
        name = bundle_name(release).encode("ascii", "replace").decode().replace('"', "")
        return Response(
            content,
            media_type="application/jsonl",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @application.post("/api/v1/heads", dependencies=[looking])
    async def sign_head() -> dict[str, Any]:
        return heads.head_view(*await heads.sign_head(context))
