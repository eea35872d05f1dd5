"""What the doctor says of the settings."""

from config import REGISTER
from etl.upkeep.doctor import settings as of_settings
from tests.support.doctor import CANARIES, told, troubles


def test_settings_that_are_set_have_a_line_each_and_the_others_share_one() -> None:
    said = told(of_settings.setting_findings({"RUN_AT": "07:30", "S3_BUCKET": ""}))
    assert "RUN_AT = 07:30 ->" in said
    assert f"{len(REGISTER) - 1} other settings have their defaults" in said
    assert said.count("=") == 1
    assert "COUNTRIES_URL = none ->" in told(of_settings.setting_findings({"COUNTRIES_URL": ""}))


def test_no_secret_is_shown() -> None:
    environ = {**CANARIES, "S3_BUCKET": "news", "AWS_ENDPOINT_URL_S3": "http://me:CANARY4@host"}
    environ["SOURCE_URL"] = "https://me:CANARY5@host/stats.json?token=CANARY6"
    environ["PING_URL"] = "https://host/CANARY7"
    said = told(of_settings.setting_findings(environ))
    assert "CANARY" not in said
    assert "PING_URL = (set, not shown)" in said
    assert "AWS_SECRET_ACCESS_KEY = (set, not shown)" in said
    assert "SOURCE_URL = (set, not shown)" in said


def test_a_region_in_the_variable_that_boto3_does_not_read_is_a_warning() -> None:
    environ = {"S3_BUCKET": "news", "AWS_REGION": "eu-west-1"}
    [finding] = troubles(of_settings.setting_findings(environ))
    assert finding.step == "set AWS_DEFAULT_REGION too"
    environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    assert troubles(of_settings.setting_findings(environ)) == []
