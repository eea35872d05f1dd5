"""Which S3 server is it? Pure. docs/s3-servers.md says what each lacks."""

import re
from urllib.parse import urlsplit

# By the end of the endpoint's host: vendors put proxies of their own before the server.
HOSTS = {
    ".amazonaws.com": "AWS",
    ".amazonaws.com.cn": "AWS",
    ".r2.cloudflarestorage.com": "Cloudflare R2",
    ".backblazeb2.com": "Backblaze B2",
    ".wasabisys.com": "Wasabi",
    "storage.googleapis.com": "Google's XML API",
    ".digitaloceanspaces.com": "Ceph (DigitalOcean)",
    ".your-objectstorage.com": "Ceph (Hetzner)",
}
# By the beginning of the header `Server`.
NAMES = ("SeaweedFS", "MinIO", "Ceph", "AmazonS3", "WasabiS3")
CEPH_REQUEST = re.compile(r"tx[0-9a-f]{10,}-[0-9a-f]+-[0-9a-f]+-")  # radosgw's x-amz-request-id


def server_kind(endpoint: str, server: str, request_id: str) -> str:
    """Name the kind of server by its address and the headers of an answer."""
    host = urlsplit(endpoint).hostname or ""
    for end, kind in HOSTS.items():
        if host.endswith(end):
            return kind
    for name in NAMES:
        if server.startswith(name):
            return name
    if CEPH_REQUEST.match(request_id):
        return "Ceph"
    return f"unknown ({server})" if server else "unknown"
