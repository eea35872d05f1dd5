"""The same table by awswrangler (AWS SDK for pandas): a CSV data set in S3.

    python bench/peers/with_awswrangler.py SOURCE_URL BUCKET FOLDER

Its tutorial 011, "CSV Datasets", as it stands: `wr.s3.to_csv(df, path, index=False, dataset=True,
mode="overwrite")`. Credentials and endpoint are the AWS_* variables, by boto3's default session.
"""

import sys

import awswrangler as wr
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
    wr.s3.to_csv(frame, f"s3://{bucket}/{folder}/", index=False, dataset=True, mode="overwrite")
    print(f"{len(frame)} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
