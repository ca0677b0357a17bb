"""Waymark: a bookshop's catalogue and back office as a hypermedia API.

A request goes down through these layers and its answer comes up again; a module
imports from lower lines only (import-linter checks it):

    app  __main__  server               the process: what is started
    resources  middleware  problems
    descriptions  authentication  operations    what is told, who asks, who watches
    documents  protocol                  a noun's document; HTTP's rules
    storage  formats  schemas
    models  hypermedia  catalogue  sample
    uris  settings
    roles  masking
    errors
"""

__version__ = "0.1.0"
