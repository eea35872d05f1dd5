"""List every setting and its value, hiding secrets. Pure."""

from collections.abc import Iterator, Mapping

from config import REGISTER, given
from etl.extract.http import shown
from etl.upkeep.doctor.finding import Finding

# boto3's own variables, which matter if there is a bucket
OPEN = ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
NOT_SHOWN = "(set, not shown)"
SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def setting_findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each setting that is set and its value, in one line those that have their defaults.

    If there is a bucket, boto3's variables follow.
    """
    defaults = []
    for setting in REGISTER:
        text = given(setting, environ)
        if text == setting.default:
            defaults.append(setting.variable)
            continue
        value = NOT_SHOWN if text and setting.secret else shown(text) or "none"
        yield Finding("ok", f"{setting.variable} = {value}")
    if defaults:
        yield Finding("ok", f"not set, so at their defaults: {', '.join(defaults)}")
    if not environ.get("S3_BUCKET"):
        return
    for variable in OPEN + SECRET:
        if value := environ.get(variable, ""):
            text = NOT_SHOWN if variable in SECRET else shown(value)
            yield Finding("ok", f"{variable} = {text}")
    if environ.get("AWS_REGION") and not environ.get("AWS_DEFAULT_REGION"):
        yield Finding(
            "warning", "AWS_REGION is set, which boto3 does not read", "set AWS_DEFAULT_REGION too"
        )
