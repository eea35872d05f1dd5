"""The usual script with Polars in pandas' place: one Parquet object in S3.

    python bench/peers/with_polars.py SOURCE_URL BUCKET FOLDER

`pl.from_dicts(list of dicts)` and `DataFrame.write_parquet(file-like object)` as in Polars' API
reference, `put_object` as in boto3's. (`write_parquet("s3://...")` does both in one, by a client of
its own.) Credentials and endpoint are the AWS_* variables.
"""

import io
import sys

import boto3
import polars as pl
import requests


def main(url: str, bucket: str, folder: str) -> None:
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    rows = []
    for entry in response.json():
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
    frame = pl.from_dicts(rows)
    content = io.BytesIO()
    frame.write_parquet(content)
    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"{folder}/stats.parquet", Body=content.getvalue()
    )
    print(f"{frame.height} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
