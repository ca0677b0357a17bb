"""What caches may do with an answer (RFC 9111; contract, section 8)."""

PUBLIC = "public, max-age=60"
DESCRIPTION = "public, max-age=3600"
PRIVATE = "private, no-cache"
NO_STORE = "no-store"
