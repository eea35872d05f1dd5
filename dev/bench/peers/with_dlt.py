"""Publish the source's rows with dlt: a generator, and the filesystem destination on S3.

It does less than the others: nothing is repaired, derived or merged, unless the table is given.

    python dev/bench/peers/with_dlt.py SOURCE_URL BUCKET FOLDER [FACTS parquet]

dlt's documentation, "Cloud storage and filesystem": `dlt.pipeline(destination=filesystem(...))`,
its default file format (gzipped JSONL) and layout; "Full loading": `pipeline.run(generator,
table_name=..., write_disposition="replace")` with the default strategy; "Optimizing dlt": yield
pages, not rows (here a country's days). With FACTS and `parquet` it loads the usual script's table,
a DataFrame, with `loader_file_format="parquet"`, which goes through Arrow ("Load Arrow tables").
Credentials and endpoint are the AWS_* variables, by botocore's default chain. What the pipeline
keeps on this machine goes to DLT_DATA_DIR, or to ~/.dlt.
"""

import os
import sys

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # read when dlt is imported

import dlt
from rows import fetch, flatten
from usual import table


def main(
    url: str, bucket: str, folder: str, facts: str | None = None, form: str | None = None
) -> None:
    pipeline = dlt.pipeline(
        pipeline_name="covid",
        destination=dlt.destinations.filesystem(bucket_url=f"s3://{bucket}/{folder}"),
        dataset_name="covid",
    )
    pages = (list(flatten(entry)) for entry in fetch(url))
    rows = table([row for page in pages for row in page], facts) if facts else pages
    pipeline.run(rows, table_name="stats", write_disposition="replace", loader_file_format=form)
    print(f"{pipeline.last_trace.last_normalize_info.row_counts['stats']} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
