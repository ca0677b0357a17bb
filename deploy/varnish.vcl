vcl 4.1;

# A shared cache before the balancer. What to change: where the balancer is.
# `varnishd -a :80 -f varnish.vcl -s malloc,256m`

import std;

backend shop {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 1s;
    .first_byte_timeout = 70s;
    .between_bytes_timeout = 70s;
    .probe = {
        # The Host must be one of WAYMARK_ALLOWED_HOSTS, if that is set.
        .request =
            "GET /health/ready HTTP/1.1"
            "Host: localhost"
            "Connection: close";
        .interval = 1s;
        .timeout = 2s;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

sub vcl_recv {
    # What clients say of themselves is replaced or removed.
    set req.http.X-Forwarded-For = client.ip;
    unset req.http.Forwarded;
    unset req.http.X-Forwarded-Prefix;
    # No answer depends on a cookie.
    unset req.http.Cookie;
    # What is stale is shown only while the shop can't be asked (RFC 9111, 4.2.4).
    if (std.healthy(req.backend_hint)) {
        set req.grace = 0s;
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "\.(ndjson|csv)(\?|$)" || req.http.Accept ~ "application/x-ndjson|text/csv") {
        # Whole collections would push out all else; so they wait for slow clients.
        return (pipe);
    }
    # The built-in rules go on: who shows an Authorization is always passed through.
}

# Forget what a write may have changed: its target, in all formats and queries
# (RFC 9111, section 4.4), and the two resources above, whose pages and sums show it.
sub forget {
    if (bereq.method !~ "^(GET|HEAD|OPTIONS|TRACE)$") {
        set bereq.http.X-Path = regsub(bereq.url, "(\.(json|xml|html|ndjson|csv))?(\?.*)?$", "");
        ban("obj.http.X-Path == " + bereq.http.X-Path);
        set bereq.http.X-Path = regsub(bereq.http.X-Path, "(.)/[^/]*$", "\1");
        ban("obj.http.X-Path == " + bereq.http.X-Path);
        set bereq.http.X-Path = regsub(bereq.http.X-Path, "(.)/[^/]*$", "\1");
        ban("obj.http.X-Path == " + bereq.http.X-Path);
    }
}

sub vcl_backend_response {
    if (beresp.status < 400) {
        call forget;
    }
    set beresp.http.X-Path = regsub(bereq.url, "(\.(json|xml|html|ndjson|csv))?(\?.*)?$", "");
    # To ask with the ETag what is older than its max-age, and to have something to
    # show while the shop is away.
    set beresp.keep = 1h;
    set beresp.grace = 10m;
    # The built-in rules go on: private, no-cache and no-store are not kept.
}

sub vcl_backend_error {
    # Whether the write was done is unknown.
    call forget;
    set beresp.http.Content-Type = "application/problem+json";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "1";
    set beresp.body = {"{"type":"about:blank","title":"The shop can't be asked","status":"} + beresp.status + "}";
    return (deliver);
}

sub vcl_synth {
    set resp.http.Content-Type = "application/problem+json";
    set resp.http.Cache-Control = "no-store";
    set resp.body = {"{"type":"about:blank","title":"The request is malformed","status":"} + resp.status + "}";
    return (deliver);
}

sub vcl_deliver {
    unset resp.http.X-Path;
    if (obj.hits > 0) {
        # They tell of the request that was passed on, which was another's.
        unset resp.http.RateLimit;
        unset resp.http.RateLimit-Policy;
    }
}
