"""The usual script: requests, a list of dicts, pandas, one object in S3.

    python bench/peers/naive.py SOURCE_URL BUCKET FOLDER

What one finds under "upload a DataFrame to S3 with boto3": `requests.get(url).json()` (Requests'
Quickstart, "JSON Response Content"), `pandas.DataFrame(list of dicts)` and
`DataFrame.to_json(orient="records")` (pandas' user guide, "IO tools"), `put_object(Body=...)`
(boto3's S3 reference). Credentials and endpoint are the AWS_* variables.
"""

import sys

import boto3
import pandas as pd
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
    frame = pd.DataFrame(rows)
    boto3.client("s3").put_object(
        Bucket=bucket,
        Key=f"{folder}/stats.json",
        Body=frame.to_json(orient="records"),
        ContentType="application/json",
    )
    print(f"{len(frame)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
