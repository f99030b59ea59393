import shutil
import subprocess
from pathlib import Path

import pytest

from digits.__main__ import main
from digits.options import completion

BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="no bash is installed")
def test_bash_completes_commands_options_and_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as info:
        main(["--print_completion", "bash"])
    assert info.value.code in (None, 0)
    script = tmp_path / "digits.bash"
    script.write_text(capsys.readouterr().out)
    complete = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_digits; '
        '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def completed(*words: str) -> list[str]:
        assert BASH is not None
        result = subprocess.run([BASH, "-c", complete, script, "digits", *words], capture_output=True, text=True)
        assert result.stderr == ""
        return result.stdout.split()

    assert completed("f") == ["fit"]
    assert completed("comp") == ["compare"]
    assert completed("fit", "--trainer.max_ep") == ["--trainer.max_epochs"]
    assert completed("fit", "--model.h") == ["--model.hidden"]
    assert completed("test", "--data.val_") == ["--data.val_size"]
    assert "LargeCNN" in completed("fit", "--model", "")
    assert "CSVDataModule" in completed("fit", "--data", "")
    assert completed("predict", "--predictions.p") == ["--predictions.path", "--predictions.picture"]
    assert completed("predict", "--out") == ["--output"]  # beside pictures
    assert completed("demo", "--po") == ["--port"]
    assert {*completed("check", "--data.")} == {"--data.label", "--data.classes", "--data.transposed"}
    assert "CSVDataModule" in completed("check", "--data", "")


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit):
        main([f"--print_completion={shell}"])
    assert "--predictions.path" in capsys.readouterr().out


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="error: --print_completion needs a shell, one of bash, zsh, tcsh; got fish"):
        main(["--print_completion", "fish"])
    with pytest.raises(SystemExit, match="got none"):
        main(["--print_completion"])
    monkeypatch.setattr(completion.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install 'digits\[completion\]'"):
        main(["--print_completion", "bash"])
