"""The same table by dlt: a generator of rows, and the filesystem destination on S3.

    python bench/peers/with_dlt.py SOURCE_URL BUCKET FOLDER

dlt's documentation, "Cloud storage and filesystem": `dlt.pipeline(destination=filesystem(...))`,
its default file format (gzipped JSONL) and layout; "Full loading": `pipeline.run(generator,
table_name=..., write_disposition="replace")` with the default strategy; "Optimizing dlt": yield
pages, not rows (here a country's days).
Credentials and endpoint are the AWS_* variables, by botocore's default chain. What the pipeline
keeps on this machine goes to DLT_DATA_DIR, or to ~/.dlt.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # read when dlt is imported

import dlt
import requests


def stats(url: str) -> Iterator[list[dict[str, Any]]]:
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    for entry in response.json():
        rows = []
        for date, day in entry["dates"].items():
            row = {
                "country_key": entry["country"]["key"],
                "country": entry["country"]["name"],
                "date": date,
            }
            for kind in ("new", "cumulative"):
                for measure, count in day[kind].items():
                    row[f"{kind}_{measure}"] = count
            rows.append(row)
        yield rows


def main(url: str, bucket: str, folder: str) -> None:
    pipeline = dlt.pipeline(
        pipeline_name="covid",
        destination=dlt.destinations.filesystem(bucket_url=f"s3://{bucket}/{folder}"),
        dataset_name="covid",
    )
    pipeline.run(stats(url), table_name="stats", write_disposition="replace")
    print(f"{pipeline.last_trace.last_normalize_info.row_counts['stats']} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
