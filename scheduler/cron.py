"""What cron and systemd are told: lines and units that work as printed.

Everything in them is absolute, since cron runs with an empty environment, and in UTC, since a local timetable runs an
hour twice and another not at all each year. The minute is the corpus's own, by hash: a thousand installations do not
start at once. How often a source is polled is the cadence's business; these only wake it.
"""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from crawler.text.folding import fraction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EVERY_MINUTES = 5
"""Between two runs under cron and the timer; a run that finds nothing due takes a third of a second of CPU."""

RUN_SECONDS = 240
"""--max-runtime: less than the five minutes to the next run."""

STATE = PurePosixPath("/var/lib/houxu")
"""Where systemd keeps the corpus: StateDirectory=houxu makes it, for User=houxu."""


def crontab(command: Path, db: Path, topic: Path | None = None) -> str:
    """Return a crontab that crawls every five minutes, backs up nightly, and mails only what went wrong.

    Args:
        command: the installed console script, absolute.
        db: the corpus, absolute.
        topic: the topic file, absolute; the packaged topic otherwise.
    """
    minute = int(fraction(str(db)) * EVERY_MINUTES)
    night = int(fraction(f"{db} night") * 60)
    crawl = _crawl(command, str(db), topic)
    backup = [str(command), "backup", "--db", str(db), f"{db}.backup"]
    return "\n".join(
        [
            "# houxu: install with `crontab FILE`, or add to `crontab -e`. Silent unless something is wrong.",
            "CRON_TZ=UTC",
            "SHELL=/bin/sh",
            f"PATH={command.parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG=C.UTF-8",
            f"{minute}-59/{EVERY_MINUTES} * * * * {_cron_quoted(crawl)}",
            f"{night} 3 * * * {_cron_quoted(backup)}",
            "",
        ]
    )


def systemd(command: Path, topic: Path | None = None, reads: Iterable[Path] = ()) -> dict[str, str]:
    """Return systemd units by file name: a timer with its one-shot service, and the daemon in their place.

    Enable either `houxu-crawl.timer` or `houxu-daemon.service`; each needs a user: `useradd --system houxu`. The corpus
    is `/var/lib/houxu/corpus.db`. `systemd-analyze security` gives them 1.3, OK, at most 1.5.

    Homes are hidden from the services, or may only be read where something they read lies there; they have a /tmp of
    their own, or see the machine's in the same case.

    Args:
        command: the installed console script, absolute.
        topic: the topic file, absolute; the packaged topic otherwise.
        reads: what else the services read, absolute: the interpreter, the packages, what links lead to.
    """
    db = str(STATE / "corpus.db")
    crawl = _crawl(command, db, topic)
    daemon = [str(command), "daemon", "--db", db, *_topic(topic)]
    hardened = _hardened([command, *([] if topic is None else [topic]), *reads])
    return {
        "houxu-crawl.service": _unit(
            "Follow the story once",
            "Type=oneshot",
            f"ExecStart={_unit_quoted(crawl)}",
            f"TimeoutStartSec={RUN_SECONDS + 60}",
            *hardened,
        ),
        "houxu-crawl.timer": _TIMER.format(minutes=EVERY_MINUTES),
        "houxu-daemon.service": _unit(
            "Follow the story",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={_unit_quoted(daemon)}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Restart=on-failure",
            "RestartSec=30",
            "SuccessExitStatus=143",
            "RestartPreventExitStatus=2",  # the topic file, or a corpus of another topic: a person must look
            "WatchdogSec=300",
            *hardened,
            install="multi-user.target",
        ),
    }


def _crawl(command: Path, db: str, topic: Path | None) -> list[str]:
    runtime = ["--skip-locked", "--max-runtime", str(RUN_SECONDS)]
    return [str(command), "crawl", "--db", db, *_topic(topic), *runtime]


def _topic(topic: Path | None) -> list[str]:
    return [] if topic is None else ["--topic", str(topic)]


def _cron_quoted(words: list[str]) -> str:
    """Return a command for sh in a crontab, where an unescaped % ends the command."""
    return shlex.join(words).replace("%", r"\%")


def _unit_quoted(words: list[str]) -> str:
    """Return a command for ExecStart, where % and $ begin what systemd fills in."""
    escaped = [word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") for word in words]
    return " ".join(f'"{word}"' if " " in word or "'" in word or '"' in word else word for word in escaped)


def _hardened(reads: list[Path]) -> list[str]:
    """Return what a service may not do, with as much of it as lets it start from where these lie."""
    at_home, in_tmp = (any(path.is_relative_to(each) for path in reads for each in under) for under in (_HOMES, _TMP))
    return _HARDENED.format(
        home="read-only" if at_home else "true",
        tmp="false" if in_tmp else "true",
        user="\n# It must be able to read what ExecStart names: many a home is closed to others." if at_home else "",
    ).splitlines()


def _unit(description: str, *service: str, install: str | None = None) -> str:
    lines = [
        "[Unit]",
        f"Description=houxu: {description}",
        "Wants=network-online.target",
        "After=network-online.target nss-lookup.target time-sync.target",
        "",
        "[Service]",
        *service,
    ]
    if install is not None:
        lines += ["", "[Install]", f"WantedBy={install}"]
    return "\n".join([*lines, ""])


_TIMER = """\
[Unit]
Description=houxu: follow the story every {minutes} minutes

[Timer]
OnCalendar=*-*-* *:0/{minutes}:00 UTC
Persistent=true
RandomizedDelaySec=60
FixedRandomDelay=true
AccuracySec=15s

[Install]
WantedBy=timers.target
"""

_HOMES, _TMP = ("/home", "/root", "/run/user"), ("/tmp", "/var/tmp")  # noqa: S108 nothing is written there
"""What ProtectHome and PrivateTmp hide."""

# Not MemoryDenyWriteExecute: under it pyOpenSSL's callbacks raise MemoryError, and every https request fails.
_HARDENED = """\
# This user must exist: `useradd --system houxu` makes it.{user}
User=houxu
StateDirectory=houxu
StateDirectoryMode=0750
WorkingDirectory=/var/lib/houxu
UMask=0027
Environment=LANG=C.UTF-8 TZ=UTC PYTHONUNBUFFERED=1
TimeoutStopSec=45
KillMode=mixed
MemoryMax=1G
TasksMax=64
Nice=10
IPAddressDeny=localhost link-local multicast 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7
# The usual resolver. One in a private network (see /etc/resolv.conf) needs its address added here.
IPAddressAllow=127.0.0.53
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
NoNewPrivileges=true
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
ProtectProc=invisible
ProcSubset=pid
ProtectClock=true
ProtectHostname=true
ProtectControlGroups=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
PrivateDevices=true
PrivateTmp={tmp}
PrivateUsers=true
DevicePolicy=closed
LockPersonality=true
RemoveIPC=true
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""
