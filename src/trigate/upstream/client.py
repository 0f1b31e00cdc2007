"""Builds the pooled HTTP client from the egress settings: who is trusted, by what way out, and nothing implicit.

Nothing is taken from the environment, no redirect is followed, nothing is decompressed, no cookie is kept, and
verification of certificates cannot be turned off. Above: `app`. Below: `fetcher`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.proxy import ProxyBuilder

from trigate.config.published import PublishedEgress

_POOL_IDLE: Final = timedelta(seconds=50)
"""Shorter than what vendors' load balancers keep (60 s), so that we close first."""
_POOL_PER_HOST: Final = 256
_KEEPALIVE: Final = timedelta(seconds=30)


def build_client(egress: PublishedEgress, connect_seconds: float) -> Client:
    """A client for `egress`, whose secret references are resolved already.

    Raises OSError for a file that cannot be read, ValueError for one that holds no certificate or key.
    """
    builder = (
        ClientBuilder()
        .follow_redirects(False)
        .referer(False)
        .default_cookie_store(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .error_for_status(False)
        .user_agent("trigate")
        .default_headers({"accept-encoding": "identity"})
        .http1_only()
        .http1_lower_case_headers()
        .min_tls_version("TLSv1.2")
        .connect_timeout(timedelta(seconds=connect_seconds))
        .pool_idle_timeout(_POOL_IDLE)
        .pool_max_idle_per_host(_POOL_PER_HOST)
        .tcp_nodelay(True)
        .tcp_keepalive(_KEEPALIVE)
        .tcp_keepalive_interval(_KEEPALIVE)
        .tcp_keepalive_retries(3)
        .no_proxy()
    )
    if egress.proxy is not None:
        builder = builder.proxy(ProxyBuilder.all(egress.proxy).no_proxy(",".join(egress.no_proxy)))
    if egress.ca is not None:
        builder = builder.add_root_certificate_pem(Path(egress.ca).read_bytes())
    if egress.client_certificate is not None and egress.client_key is not None:
        identity = Path(egress.client_certificate).read_bytes() + b"\n" + Path(egress.client_key).read_bytes()
        builder = builder.identity_pem(identity)
    return builder.build()
