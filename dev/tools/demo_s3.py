"""Run the demo on a real S3 server: `make demo-s3`.

Starts dev/tools/s3-server on loopback, makes a bucket, runs the worker's own command twice on
made-up data, restarts the server, and verifies every digest with plain boto3.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "dev/tools" / "s3-server"
BUCKET, FOLDER = "demo", "covid"


def server(command: str) -> str:
    """Run dev/tools/s3-server, and return what it prints."""
    ran = subprocess.run(
        [sys.executable, str(SERVER), command], check=True, stdout=subprocess.PIPE, text=True
    )
    return ran.stdout.strip()


def main() -> None:
    print("starting a real S3 server on loopback")
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-see",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": server("start"),
        "S3_BUCKET": BUCKET,
        "S3_FOLDER": FOLDER,
        "SOURCE": "sample",
    }
    os.environ.update(environment)
    try:
        make_bucket()
        for nth in ("first", "second"):
            print(f"\n{nth} run, on made-up data:", flush=True)
            subprocess.run([sys.executable, str(ROOT / "app.py"), "run"], check=True)
        print("\nrestarting the server")
        server("stop")
        os.environ["AWS_ENDPOINT_URL_S3"] = server("start")
        print(f"read back: {read_back()}")
    finally:
        server("stop")


def make_bucket() -> None:
    client = boto3.client("s3")
    try:
        client.create_bucket(Bucket=BUCKET)
        print(f"made the bucket {BUCKET}")
    except ClientError as exc:
        if exc.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            raise


def read_back() -> str:
    """Read every file of the published run, under both of its names; exit if one is wrong."""
    client = boto3.client("s3")

    def read(key: str) -> bytes:
        return client.get_object(Bucket=BUCKET, Key=f"{FOLDER}/{key}")["Body"].read()

    manifest = json.loads(read("manifest.json"))
    total = 0
    for file in manifest["files"]:
        for key in (file["key"], file["name"]):
            body = read(key)
            if hashlib.sha256(body).hexdigest() != file["sha256"]:
                sys.exit(f"{key} is not what the manifest says")
            total += len(body)
    return (
        f"run {manifest['run_id']}, {len(manifest['files'])} files under both of their names, "
        f"{total:,} bytes, every SHA-256 right"
    )


if __name__ == "__main__":
    main()
