"""List every setting and its value, hiding secrets. Pure."""

from collections.abc import Iterator, Mapping

from config import REGISTER, given
from etl.extract.answer import shown
from etl.settings import aws
from etl.settings.doubts import doubts
from etl.upkeep.doctor.finding import Finding

# boto3's own variables, which matter if there is a bucket
OPEN = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
NOT_SHOWN = "(set, not shown)"


def setting_findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each setting that is set and its value, and how many have their defaults.

    If there is a bucket, boto3's variables follow.
    """
    defaults = 0
    for setting in REGISTER:
        text = given(setting, environ)
        if text == setting.default:
            defaults += 1
            continue
        value = NOT_SHOWN if text and setting.secret else shown(text) or "none"
        yield Finding("ok", f"{setting.variable} = {value}")
    if defaults:
        yield Finding("ok", f"{defaults} other settings have their defaults; .env.example has all")
    if environ.get("S3_BUCKET"):
        for variable in OPEN + aws.KEYS:
            if value := environ.get(variable, ""):
                text = NOT_SHOWN if variable in aws.KEYS else shown(value)
                yield Finding("ok", f"{variable} = {text}")
    for doubt in doubts(environ):
        yield Finding("warning", f"{doubt.where}: {doubt.what}", doubt.step)
