"""What every resource works with."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from api.documents.building import Builder
from api.formats import FORMATS, STREAMS
from api.operations.audit import AuditLog
from api.protocol.request import ApiRequest
from api.resources.page_cache import PageCache
from api.roles import EVERYTHING, Rights
from api.settings import Settings
from api.storage.claims import KeyClaims
from api.storage.engine import Storage
from api.uris import uris_below


@dataclass(frozen=True, eq=False)
class Service:
    """The settings, the database, the claims on idempotency keys, the pages kept."""

    settings: Settings
    storage: Storage
    claims: KeyClaims

    @cached_property
    def audit(self) -> AuditLog:
        """Who wrote what."""
        return AuditLog(is_on=self.settings.audit_log)

    @cached_property
    def pages(self) -> PageCache:
        """The pages that were written last."""
        return PageCache(self.settings.page_cache)

    async def close(self) -> None:
        """Finish the writes that wait, then close the database and the claims."""
        self.storage.close()
        self.claims.close()


@lru_cache(maxsize=64)
def builder_below(mount: str, rights: Rights = EVERYTHING) -> Builder:
    """The builder of documents below the mount prefix, for readers with the rights."""
    suffixes = {each.suffix: each.media_types[0] for each in FORMATS if each.suffix}
    streams = {each.suffix: each.media_types[0] for each in STREAMS}
    return Builder(uris_below(mount), suffixes, streams, rights)


def builder_for(req: ApiRequest) -> Builder:
    """The builder of the documents that answer the request."""
    return builder_below(req.mount, req.caller.rights)
