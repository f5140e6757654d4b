"""How other tools are told where a store is: s3a://, AWS_ENDPOINT_URL, connection
strings of Azure."""

import cubes
import pytest
from servers import free_port
from stores import azure_key_config

KEY = "x/cube.zarr"
OWN = ("AWS_S3_ENDPOINT", "AWS_HTTPS", "AWS_VIRTUAL_HOSTING")


@pytest.fixture
def days(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 2, 2))


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def as_others_say(store, name="AWS_ENDPOINT_URL", url=None, **more):
    """Nothing of GDAL's own endpoint."""
    known = {k: v for k, v in store.environment().items() if k not in OWN}
    return {**known, name: url or f"http://{store.server.address}", **more}


def assert_days(store, folder, count):
    cubes.assert_reads_as(store.download(f"{KEY}/", folder), cubes.weather(0, count))


# s3a://


def test_hadoops_spelling_is_the_same_target(s3, days, tmp_path):
    cubes.append(days[0], s3.path(KEY), env=s3.environment())
    target = f"s3a://bucket/{KEY}"
    done = cubes.append(*days, target, env=s3.environment())
    assert outcomes(done) == ["already there", "appended", "appended"]
    assert_days(s3, tmp_path / "out", 6)
    words = ("driver", "mdimappend", "status", target)
    said = cubes.run(*words, command="gdal", env=s3.environment()).stdout
    assert "appends logged" in said


def test_hadoops_spelling_of_slices_and_lists(s3, days, tmp_path):
    for number, day in enumerate(days):
        s3.server.put_object("bucket", f"in/{number}.nc", day.read_bytes())
    names = "".join(f"s3a://bucket/in/{number}.nc\n" for number in range(3))
    s3.server.put_object("bucket", "in/list.txt", names.encode())
    words = ("--slices-from", "s3a://bucket/in/list.txt", s3.path(KEY))
    done = cubes.append(*words, env=s3.environment())
    assert outcomes(done) == ["appended"] * 3
    assert_days(s3, tmp_path / "out", 6)


# AWS_ENDPOINT_URL


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("end", ["", "/"])
def test_the_endpoint_of_other_tools_is_asked(s3, days, tmp_path, name, end):
    environment = as_others_say(s3, name, f"http://{s3.server.address}{end}")
    cubes.append(*days[:2], s3.path(KEY), env=environment)
    s3.server.put_object("bucket", "in/next.nc", days[2].read_bytes())
    cubes.append("s3://bucket/in/next.nc", s3.path(KEY), env=environment)
    assert_days(s3, tmp_path / "out", 6)


def test_it_may_be_an_option_of_the_target(s3, days, tmp_path):
    known = {k: v for k, v in s3.environment().items() if k not in OWN}
    option = f"AWS_ENDPOINT_URL=http://{s3.server.address}"
    cubes.append("--target-config", option, days[0], s3.path(KEY), env=known)
    assert_days(s3, tmp_path / "out", 2)


def test_that_of_the_service_comes_first(s3, days):
    url = {"AWS_ENDPOINT_URL_S3": f"http://{s3.server.address}"}
    environment = as_others_say(s3, url="http://127.0.0.1:1", **url)
    cubes.append(days[0], s3.path(KEY), env=environment)


def test_gdals_own_comes_before_it(s3, days):
    environment = s3.environment(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    cubes.append(days[0], s3.path(KEY), env=environment)


@pytest.mark.parametrize("url", ["minio:9000", "http://", "http://host/path"])
def test_what_is_no_endpoint_is_refused(s3, days, url):
    environment = as_others_say(s3, url=url)
    done = cubes.append(days[0], s3.path(KEY), env=environment, status=2)
    assert f"AWS_ENDPOINT_URL='{url.rstrip('/')}" in done.message
    assert "Nothing was written." in done.message


def test_it_is_nothing_to_targets_elsewhere(s3, days, tmp_path):
    environment = as_others_say(s3, url="minio:9000")
    cubes.append(days[0], tmp_path / "cube.zarr", env=environment)


# Azure over http


def test_a_connection_string_over_http(az, days, tmp_path):
    """With the account's key GDAL signs URLs for https alone."""
    address = az.server.address
    known = {k: v for k, v in az.environment().items() if not k.startswith("AZURE_")}
    environment = {**known, **azure_key_config(address)}
    cubes.append(*days[:2], az.path(KEY), env=environment)
    done = cubes.append(*days, az.path(KEY), env=environment)
    assert outcomes(done) == ["already there", "already there", "appended"]
    assert_days(az, tmp_path / "out", 6)
    words = ("driver", "mdimappend", "status", az.path(KEY))
    said = cubes.run(*words, command="gdal", env=environment).stdout
    assert "nothing pending" in said


def test_a_connection_string_of_an_endpoint_that_is_down(az, days):
    """GDAL's file API, which is used there, tells of no answer in a message."""
    address = f"127.0.0.1:{free_port()}"
    environment = {**az.environment(), **azure_key_config(address)}
    del environment["AZURE_STORAGE_SAS_TOKEN"]
    done = cubes.append(days[0], az.path(KEY), env=environment, status=3)
    assert f"'{az.path(KEY)}.mdimappend/lock'" in done.message
    assert f"http://{address}" in done.message
    assert done.message.endswith("Nothing was appended.")
