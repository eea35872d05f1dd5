"""The usual script with Polars instead of pandas: one Parquet object in S3.

    python dev/bench/peers/with_polars.py SOURCE_URL BUCKET FOLDER [FACTS]

`pl.from_dicts(list of dicts)`, expressions over the countries, and
`DataFrame.write_parquet(file-like object)` as in Polars' API reference, `put_object` as in boto3's.
(`write_parquet("s3://...")` would do both in one, with its own client.) Credentials and endpoint
are the AWS_* variables.
"""

import io
import sys

import boto3
import polars as pl
from rows import MEASURES, fetch, flatten


def table(url: str, facts: str | None) -> pl.DataFrame:
    """Return the same table as `usual.table`."""
    frame = pl.from_dicts([row for entry in fetch(url) for row in flatten(entry)])
    if facts is None:
        return frame
    known = pl.read_excel(facts)
    numbers = [name for name in known.columns if "_total" in name or "_use_" in name]
    known = known.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
    frame = frame.with_columns(pl.col("date").str.to_date()).sort("country_key", "date")
    new = {
        f"new_{measure}": pl.col(f"cumulative_{measure}").diff().over("country_key")
        for measure in MEASURES
    }
    averages = {
        f"{measure}_7d_avg": pl.col(f"new_{measure}").rolling_mean(7).over("country_key")
        for measure in ("cases", "deaths")
    }
    week_per_head = pl.col("cases_7d_avg") * 7 / pl.col("Population_total")
    return (
        frame.with_columns(**new)
        .with_columns(
            **averages,
            stale=pl.col("date").max().over("country_key")
            < pl.col("date").max() - pl.duration(days=14),
            case_fatality=pl.col("cumulative_deaths") / pl.col("cumulative_cases"),
        )
        .join(known, how="left", left_on="country", right_on="COUNTRY")
        .with_columns(cases_7d_per_100k=week_per_head * 100_000)
    )


def main(url: str, bucket: str, folder: str, facts: str | None = None) -> None:
    frame = table(url, facts)
    content = io.BytesIO()
    frame.write_parquet(content)
    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"{folder}/stats.parquet", Body=content.getvalue()
    )
    print(f"{frame.height} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
