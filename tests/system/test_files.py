"""Files that take the place of others, and outputs that are no files."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from digits.errors import InputError
from digits.system.files import check_writable, followed, part_of, replacing, save_picture
from digits.system.standard_output import reserve_standard_output
from tests.helpers import Digits, seven


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("depth", [1, 2])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path, depth: int) -> None:
    (tmp_path / "there").mkdir()
    path = target = tmp_path / "there/real.csv"
    for i in range(depth):
        link = tmp_path / f"link{i}.csv"
        link.symlink_to(path)
        path = link
    for content in ("first", "second"):  # a link may also lead to what is not there yet
        with replacing(path) as file:
            file.write(content)
        assert path.is_symlink()
        assert not target.is_symlink()
        assert target.read_text() == content
    assert names(tmp_path / "there") == ["real.csv"]


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    path.chmod(0o640)
    with replacing(path) as file:
        file.write("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("before")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as for all but root
    with pytest.raises(InputError, match="x can't be written: Permission denied"), replacing(path) as file:
        file.write("new")
    with pytest.raises(InputError, match=r"--path .*x can't be written: Permission denied"):
        check_writable("--path", path)
    assert path.read_text() == "before"


def read_pipe(path: Path, into: list[bytes]) -> threading.Thread:
    thread = threading.Thread(target=lambda: into.append(path.read_bytes()))
    thread.start()
    return thread


@pytest.mark.parametrize("picture", [True, False])
def test_a_pipe_is_written_to(tmp_path: Path, picture: bool) -> None:
    pipe, received = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    check_writable("--path", pipe)  # does not wait for a reader
    reader = read_pipe(pipe, received)
    if picture:
        save_picture(pipe, seven())
    else:
        with replacing(pipe) as file:
            file.write("é\udcff\n")
    reader.join()
    assert received[0].startswith(b"\x89PNG") if picture else received == ["é".encode() + b"\xff\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_a_device_is_written_to_and_says_that_it_is_full() -> None:
    with replacing(Path("/dev/null"), "wb") as file:
        file.write(b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    if Path("/dev/full").exists():
        with pytest.raises(InputError, match="/dev/full can't be written: No space left"):
            save_picture(Path("/dev/full"), Image.new("L", (100, 100)))


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_is_for_the_file_alone(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with reserve_standard_output(True):
        print("said")
        with replacing(Path(name)) as file:
            file.write("é\n")
        with replacing(Path(name), "wb") as file:
            file.write(b"\xff")
    print("after")
    out, err = capfdbinary.readouterr()
    assert out == "é\n".encode() + b"\xffafter\n"
    assert err == b"said\n"


def test_a_redirected_output_keeps_what_stands_there(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from digits.system.files import replacing; print('before', flush=True);"
        "file = replacing(Path(sys.argv[1])).__enter__(); file.write('new\\n'); file.flush()"
    )
    for name in ("/dev/stdout", "-", "/dev/fd/1"):
        with (tmp_path / "out").open("w") as out:
            subprocess.run([sys.executable, "-c", code, name], stdout=out, check=True)
        assert (tmp_path / "out").read_text() == "before\nnew\n"


@pytest.mark.slow
def test_a_reader_that_has_enough_ends_the_command_without_a_word(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "digits", "predict", "--ckpt_path=pretrained", "--predictions.path=-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 128 + signal.SIGPIPE
    assert b"Traceback" not in error
    assert b"error" not in error


def test_what_killed_processes_left_is_deleted_by_the_next_and_what_others_write_is_not(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    own = part_of(path).name
    dead = own.replace(str(os.getpid()), str(killed.pid))
    kept = [
        own.replace(str(os.getpid()), str(os.getppid())),  # of a process that lives
        dead.replace(".p.csv.", ".q.csv."),  # of another file
        f".p.csv.elsewhere.{killed.pid}.part",  # of another machine
        f".p.csv.{killed.pid}.part",
    ]
    for name in (dead, *kept):
        (tmp_path / name).touch()
    with replacing(path) as file:
        file.write("whole")
    assert names(tmp_path) == sorted([*kept, "p.csv"])


def test_the_part_stands_beside_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there/x")
    assert followed(tmp_path / "link") == tmp_path / "there/x"
    assert part_of(tmp_path / "link").parent == tmp_path / "there"
    assert len(part_of(tmp_path / ("x" * 250)).name) < 250


def test_predictions_go_to_standard_output_to_pipes_and_through_links(digits: Digits, trained: Digits) -> None:
    trained()
    digits("predict", "--name=MLP", "--predictions.path=file.csv")
    expected = Path("file.csv").read_text()
    assert digits("predict", "--name=MLP", "--predictions.path=-") == expected
    assert digits("predict", "--name=MLP", "--predictions.path", "/dev/stdout") == expected
    os.mkfifo("pipe")
    received: list[bytes] = []
    reader = read_pipe(Path("pipe"), received)
    digits("predict", "--name=MLP", "--predictions.path=pipe")
    reader.join()
    assert received == [expected.encode()]
    Path("link.csv").symlink_to("real.csv")
    digits("predict", "--name=MLP", "--predictions.path=link.csv")
    assert Path("link.csv").is_symlink()
    assert Path("real.csv").read_text() == expected
    assert not list(Path().glob(".*"))
