from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from scheduler.cron import crontab, systemd

COMMAND = Path("/opt/houxu/bin/houxu")
DB = Path("/srv/news/corpus.db")


def jobs(text: str) -> list[tuple[list[str], list[str]]]:
    """Return the crontab's jobs: five fields of time, and the command as cron hands it to sh."""
    lines = [line for line in text.splitlines() if line and line[0] != "#" and not re.match(r"\w+=", line)]
    split = [line.split(None, 5) for line in lines]
    return [(fields[:5], shlex.split(fields[5].replace(r"\%", "%"))) for fields in split]


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """Return a unit's sections: key -> values."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and line[0] != "#":
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


def test_the_crontab_is_absolute_and_in_utc() -> None:
    """Every path in the crontab is absolute; zone, PATH and LANG are set before the first job."""
    text = crontab(COMMAND, DB)
    assert text.index("CRON_TZ=UTC") < text.index("/opt/houxu/bin/houxu crawl")
    for _times, command in jobs(text):
        assert command[0] == str(COMMAND)
        assert all(word.startswith("/") for word in command if "/" in word)
    assert text.endswith("\n")


def test_the_crontab_crawls_every_five_minutes_at_a_minute_of_its_own() -> None:
    """The minute depends on the corpus, and lies within the five."""
    minutes = set()
    for number in range(50):
        (times, command), _backup = jobs(crontab(COMMAND, Path(f"/srv/{number}.db")))
        found = re.fullmatch(r"([0-4])-59/5", times[0])
        assert found
        minutes.add(found[1])
        assert times[1:] == ["*"] * 4
        assert command[1:] == ["crawl", "--db", f"/srv/{number}.db", "--skip-locked", "--max-runtime", "240"]
    assert minutes == {"0", "1", "2", "3", "4"}
    assert crontab(COMMAND, DB) == crontab(COMMAND, DB)


@pytest.mark.parametrize("name", ["my corpus.db", "100%.db", "it's.db", "$HOME.db", "新闻.db"])
def test_awkward_paths_survive_cron(name: str) -> None:
    """Spaces, quotes, dollars and the % that cron takes for a newline reach houxu as they are."""
    text = crontab(COMMAND, Path("/srv") / name, topic=Path("/etc") / name)
    (_times, crawl), (_night, backup) = jobs(text)
    assert crawl[3] == backup[3] == f"/srv/{name}"
    assert crawl[5] == f"/etc/{name}"
    assert not re.search(r"(?<!\\)%", text)


def test_units_are_whole() -> None:
    """Timer, one-shot service and daemon; the timer catches up, in UTC, spread."""
    units = {name: unit(text) for name, text in systemd(COMMAND).items()}
    assert set(units) == {"houxu-crawl.service", "houxu-crawl.timer", "houxu-daemon.service"}
    timer = units["houxu-crawl.timer"]["Timer"]
    assert timer["Persistent"] == ["true"]
    assert timer["OnCalendar"][0].endswith("UTC")
    assert "RandomizedDelaySec" in timer
    for name in ("houxu-crawl.service", "houxu-daemon.service"):
        service = units[name]["Service"]
        assert service["User"] == service["StateDirectory"] == ["houxu"]
        assert service["UMask"] == ["0027"]
        assert "MemoryMax" in service
        assert {"10.0.0.0/8", "192.168.0.0/16", "localhost"} <= set(service["IPAddressDeny"][0].split())
        assert service["ExecStart"][0].startswith("/opt/houxu/bin/houxu ")
        assert "/var/lib/houxu/corpus.db" in service["ExecStart"][0]
    daemon = units["houxu-daemon.service"]["Service"]
    assert daemon["Type"] == ["notify"]
    assert daemon["TimeoutStopSec"] == ["45"]
    assert daemon["RestartPreventExitStatus"] == ["2"]  # no restart mends a mistake


def test_units_forbid_no_callbacks() -> None:
    """MemoryDenyWriteExecute would fail every https request: pyOpenSSL writes its callbacks at run time."""
    assert all("MemoryDenyWriteExecute" not in text for text in systemd(COMMAND).values())


def test_awkward_paths_survive_systemd() -> None:
    """Spaces are quoted, % and $ doubled."""
    text = systemd(COMMAND, topic=Path("/etc/my topic/100%$x.toml"))["houxu-crawl.service"]
    assert '--topic "/etc/my topic/100%%$$x.toml"' in text


@pytest.mark.parametrize(
    ("command", "topic", "reads", "home", "tmp"),
    [
        (COMMAND, None, [], "true", "true"),
        (Path("/home/me/.venv/bin/houxu"), None, [], "read-only", "true"),
        (COMMAND, Path("/root/my-topic.toml"), [], "read-only", "true"),
        (COMMAND, None, [Path("/run/user/1000/python")], "read-only", "true"),
        (COMMAND, Path("/tmp/my-topic.toml"), [], "true", "false"),  # noqa: S108 a user's
        (COMMAND, None, [Path("/var/tmp/venv"), Path("/home/me")], "read-only", "false"),  # noqa: S108 likewise
        (Path("/homes/me/houxu"), None, [Path("/srv/tmp")], "true", "true"),
    ],
)
def test_units_hide_nothing_that_they_need(
    command: Path, topic: Path | None, reads: list[Path], home: str, tmp: str
) -> None:
    """ProtectHome and PrivateTmp would hide a program, a topic file or a Python that lies there: it never started."""
    for name, text in systemd(command, topic, reads).items():
        if name.endswith(".service"):
            service = unit(text)["Service"]
            assert (service["ProtectHome"], service["PrivateTmp"]) == ([home], [tmp])
            assert ("many a home is closed" in text) is (home == "read-only")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("reads", [[], [Path("/home/me")], [Path("/home/me"), Path("/tmp/me")]])  # noqa: S108 a user's
def test_systemd_finds_them_sound_and_safe(reads: list[Path], tmp_path: Path) -> None:
    """systemd-analyze verifies the units without a word, and rates the services OK."""
    for name, text in systemd(Path("/bin/true"), None, reads).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = sorted(str(file) for file in tmp_path.iterdir())
    verified = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert "houxu" not in verified.stderr
    for file in files:
        if file.endswith(".service"):
            rated = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", file], capture_output=True, text=True, check=False
            )
            if rated.returncode:
                pytest.skip(f"this systemd-analyze cannot rate offline: {rated.stderr.strip()}")
            level = re.search(r"exposure level for \S+ ([\d.]+) (\w+)", rated.stdout)
            assert level
            assert level[2] == "OK"


def test_units_parse_as_ini() -> None:
    """Each unit is sections of keys, as an INI reader sees it."""
    for text in systemd(COMMAND).values():
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment]  # systemd's keys are case-sensitive
        parser.read_string(text)
        assert "Unit" in parser
