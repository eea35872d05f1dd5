"""Publish the same table with awswrangler (AWS SDK for pandas): a CSV data set in S3.

    python dev/bench/peers/with_awswrangler.py SOURCE_URL BUCKET FOLDER [FACTS [parquet]]

Exactly as in its tutorial 011, "CSV Datasets": `wr.s3.to_csv(df, path, index=False, dataset=True,
mode="overwrite")`. With `parquet` it is `wr.s3.to_parquet` of tutorial 004, "Parquet Datasets".
Credentials and endpoint are the AWS_* variables, by boto3's default session.
"""

import sys

import awswrangler as wr
from rows import fetch, flatten
from usual import table


def main(url: str, bucket: str, folder: str, facts: str | None = None, form: str = "csv") -> None:
    frame = table([row for entry in fetch(url) for row in flatten(entry)], facts)
    write = wr.s3.to_parquet if form == "parquet" else wr.s3.to_csv
    write(frame, f"s3://{bucket}/{folder}/", index=False, dataset=True, mode="overwrite")
    print(f"{len(frame)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
