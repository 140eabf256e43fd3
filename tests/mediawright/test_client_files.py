from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest
from fake_api import FakeApi, Received, Reply

from mediawright.client import ApiError, Client, ConnectionFailed
from mediawright.client.files import MAX_UPLOAD_BYTES
from mediawright.errors import InvalidArgument


@pytest.fixture
def bucket(api: FakeApi) -> FakeApi:
    api.with_bucket()
    return api


def test_a_file_goes_up_by_the_presigned_form_with_the_file_last(
    bucket: FakeApi, client: Client, tmp_path: Path
) -> None:
    content = os.urandom(300_000)
    (tmp_path / "my clip é.mp4").write_bytes(content)
    moved: list[tuple[int, int]] = []

    where = client.upload(tmp_path / "my clip é.mp4", on_progress=lambda sent, total: moved.append((sent, total)))

    assert where[0] == "data"
    assert where[1].startswith("upload/")
    assert where[1].endswith("/my clip é.mp4")
    assert bucket.objects[where[1]] == content
    assert bucket.forms[0]["order"] == ["key", "file"]
    assert moved[-1] == (300_000, 300_000)


def test_two_uploads_of_one_name_do_not_meet(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")

    assert client.upload(tmp_path / "a.txt") != client.upload(tmp_path / "a.txt")
    assert [request.path for request in bucket.requests].count("/api/mediapath/upload/upload") == 1


def test_a_key_and_a_bucket_may_be_told(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")

    assert client.upload(tmp_path / "a.txt", "upload/mine.txt", bucket="data") == ("data", "upload/mine.txt")
    assert bucket.objects == {"upload/mine.txt": b""}


def test_what_goes_up_comes_down(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    content = os.urandom(200_000)
    (tmp_path / "a.bin").write_bytes(content)
    moved: list[tuple[int, int]] = []

    path = client.download(
        *client.upload(tmp_path / "a.bin"), tmp_path / "out" / "b.bin", on_progress=lambda *at: moved.append(at)
    )

    assert path.read_bytes() == content
    assert moved[-1] == (200_000, 200_000)
    assert [found.name for found in (tmp_path / "out").iterdir()] == ["b.bin"]


def test_a_failed_download_leaves_nothing_and_what_was_there(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(b"before")

    with pytest.raises(ApiError) as refusal:
        client.download("data", "gone", tmp_path / "b.bin")

    assert (refusal.value.status, refusal.value.code) == (404, "NoSuchKey")
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == ["b.bin"]
    assert (tmp_path / "b.bin").read_bytes() == b"before"


def test_an_s3_that_is_gone_does_not_tell_the_presigned_url(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    bucket.on("POST", "/download", lambda r: Reply("http://127.0.0.1:1/data/k?X-Amz-Signature=secret"))

    with pytest.raises(ConnectionFailed) as failure:
        client.download("data", "k", tmp_path / "x")
    assert "secret" not in str(failure.value)


def test_a_refused_form_tells_what_s3_says(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    refused = Reply("<Error><Code>EntityTooLarge</Code><Message>too large</Message></Error>", 400)

    def form(request: Received) -> dict[str, object]:
        return {"url": f"{bucket.endpoint}form", "fields": {"key": "k"}}

    bucket.on("POST", "/upload", form)
    bucket._s3 = lambda request: refused  # type: ignore[method-assign]
    bucket.on("POST", "/upload", lambda r: {"url": f"{bucket.origin}/s3/data", "fields": {"key": "k"}})

    with pytest.raises(ApiError, match="400 EntityTooLarge: too large"):
        client.upload(tmp_path / "a.txt")


def test_a_file_beyond_one_form_is_refused_before_anything_is_sent(
    bucket: FakeApi, client: Client, tmp_path: Path
) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(MAX_UPLOAD_BYTES + 1)

    with pytest.raises(InvalidArgument, match="one upload may have"):
        client.upload(tmp_path / "sparse")
    assert bucket.requests == []


def test_a_missing_file_is_an_os_error(bucket: FakeApi, client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.upload(tmp_path / "none")


def test_a_large_file_is_never_in_memory_as_a_whole(client: Client, tmp_path: Path) -> None:
    import httpx

    size = 64 * 1024 * 1024
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    seen = 0

    class Swallow(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal seen
            if request.url.path == "/api/upload":
                return httpx.Response(200, json={"url": "http://127.0.0.1:2/data", "fields": {"key": "k"}})
            seen = sum(len(piece) for piece in request.stream)  # type: ignore[union-attr]
            return httpx.Response(204)

    with Client("http://127.0.0.1:1/api", transport=Swallow()) as streaming:
        tracemalloc.start()
        streaming.upload(tmp_path / "large", bucket="data")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert seen > size
    assert peak < 8 * 1024 * 1024
