"""A client of HAL and HAL-FORMS services: it knows one URI, and the names of relations.

exchange     what plans ask for, and get: requests, responses, pauses
sending      from a request to its answer: cache, attempts, redirects, problems
plans        what can be done with documents and forms
operations   each of those once, as a method of either face
drivers      do the steps of plans, blocking or asynchronously
blocking     Waymark, Resource, Form
awaiting     AsyncWaymark, AsyncResource, AsyncForm
"""

from waymark_client.awaiting import AsyncForm, AsyncResource, AsyncWaymark
from waymark_client.blocking import Form, Resource, Waymark
from waymark_client.caching import Cache
from waymark_client.errors import (
    Conflict,
    Fault,
    Interrupted,
    Invalid,
    InvalidForm,
    MatchRequired,
    MethodNotAllowed,
    Missing,
    NoSuchForm,
    NoSuchLink,
    NotAllowed,
    NotAuthenticated,
    NotReached,
    NotReadable,
    Problem,
    Refused,
    ServerFault,
    StaleDocument,
    TemplateFault,
    TooManyRequests,
    Unavailable,
    VersionMismatch,
    WaymarkError,
)
from waymark_client.retrying import Retries

__all__ = [
    "AsyncForm",
    "AsyncResource",
    "AsyncWaymark",
    "Cache",
    "Conflict",
    "Fault",
    "Form",
    "Interrupted",
    "Invalid",
    "InvalidForm",
    "MatchRequired",
    "MethodNotAllowed",
    "Missing",
    "NoSuchForm",
    "NoSuchLink",
    "NotAllowed",
    "NotAuthenticated",
    "NotReached",
    "NotReadable",
    "Problem",
    "Refused",
    "Resource",
    "Retries",
    "ServerFault",
    "StaleDocument",
    "TemplateFault",
    "TooManyRequests",
    "Unavailable",
    "VersionMismatch",
    "Waymark",
    "WaymarkError",
]
