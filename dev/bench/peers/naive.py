"""The usual script: requests, a list of dicts, pandas, one object in S3.

    python dev/bench/peers/naive.py SOURCE_URL BUCKET FOLDER [FACTS [parquet]]

It does what a search for "upload a DataFrame to S3 with boto3" finds: `requests.get(url).json()`
(Requests' Quickstart, "JSON Response Content"), `pandas.DataFrame(list of dicts)` and
`DataFrame.to_json(orient="records")` (pandas' user guide, "IO tools"), `put_object(Body=...)`
(boto3's S3 reference). Credentials and endpoint are the AWS_* variables. Without FACTS it uploads
the source's own columns. With `parquet` it uploads `DataFrame.to_parquet()` instead.
"""

import sys

import boto3
from rows import fetch, flatten
from usual import table


def main(url: str, bucket: str, folder: str, facts: str | None = None, form: str = "json") -> None:
    entries = fetch(url)
    rows = [row for entry in entries for row in flatten(entry)]
    frame = table(rows, facts)
    if form == "parquet":
        body, media_type = frame.to_parquet(index=False), "application/vnd.apache.parquet"
    else:
        body, media_type = frame.to_json(orient="records", date_format="iso"), "application/json"
    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"{folder}/stats.{form}", Body=body, ContentType=media_type
    )
    print(f"{len(frame)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
