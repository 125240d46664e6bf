"""Inside the jail: a server that imports the libraries once and forks a confined child per task.

Nothing of a student's runs in the server, only in its children, and each has namespaces, a scratch
folder and a user of its own. `python -m unrolled.grade.server CONTROL LEVEL BOOK [NOTEBOOK …]`
"""

import contextlib
import ctypes
import errno
import gc
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pyseccomp as seccomp

from unrolled.answers import Answers, program, run_program
from unrolled.checks.run import load_checks
from unrolled.grade.intake import Intake
from unrolled.manifest import Book, Notebook, read_book
from unrolled.wire import HEADER, frame_size
from unrolled.worker import Worker

NEWNS, NEWPID, NEWIPC = 0x00020000, 0x20000000, 0x08000000
CLONE_THREAD = 0x00010000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION = 0x20080522
SCRATCH = "size=64m,mode=1777"
MADV_COLLAPSE = 25

# What no exercise has a reason to call: a child that tries is ended at once.
HOSTILE = """
mount umount2 pivot_root chroot unshare setns ptrace process_vm_readv process_vm_writev bpf
kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct
add_key request_key keyctl open_by_handle_at name_to_handle_at perf_event_open userfaultfd
io_uring_setup io_uring_enter io_uring_register settimeofday clock_settime adjtimex
sethostname setdomainname quotactl move_mount open_tree fsopen fsmount fsconfig
pidfd_getfd process_madvise iopl ioperm syslog vhangup
""".split()
# What a library may try in passing: it is told that this is not permitted.
REFUSED = """
fork vfork execve execveat socket socketpair connect bind listen accept accept4
shmget shmat shmctl semget semop semctl msgget msgsnd msgrcv mq_open memfd_create memfd_secret
mknod mknodat
setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset personality
kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo setpriority
sched_setscheduler sched_setattr ioprio_set inotify_init inotify_init1 fanotify_init
""".split()

PF_EXITING = 0x4
libc = ctypes.CDLL(None, use_errno=True)


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat from the third, the state, onward."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ok(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def forbidden() -> seccomp.SyscallFilter:
    """Return the filter of system calls: no process, no program, no socket, no namespace."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for action, names in ((seccomp.KILL_PROCESS, HOSTILE), (seccomp.ERRNO(errno.EPERM), REFUSED)):
        for name in names:
            with contextlib.suppress(ValueError):  # not a call of this architecture
                rules.add_rule(action, name)
    threads_only = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0)
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", threads_only)
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # the C library then calls clone
    changes = seccomp.Arg(2, seccomp.NE, 0)  # reading a limit stays allowed
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "prlimit64", changes)
    return rules


def confine(task: dict[str, Any], namespaces: bool, rules: seccomp.SyscallFilter) -> None:
    """Give up every right that a student's code must not have; there is no way back.

    task: uid (None: the user stays, in a user namespace of the jail's), scratch (a folder), cpu
    (seconds), memory (bytes above what is mapped now).
    """
    if namespaces:
        _ok(libc.unshare(NEWNS | NEWIPC), "unshare")
        _ok(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
        for place in (task["scratch"].encode(), b"/dev/shm"):
            flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
            _ok(libc.mount(b"tmpfs", place, b"tmpfs", flags, SCRATCH.encode()), "mount tmpfs")
        _ok(libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None), "proc")
    os.chdir(task["scratch"])
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for kind, value in {
        resource.RLIMIT_AS: mapped + task["memory"],
        resource.RLIMIT_CPU: task["cpu"],
        resource.RLIMIT_FSIZE: 64 << 20,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        resource.setrlimit(kind, (value, value))
    if task["uid"] is not None:
        os.setgroups([])
        os.setresgid(task["uid"], task["uid"], task["uid"])
        os.setresuid(task["uid"], task["uid"], task["uid"])
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _ok(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _ok(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    rules.load()


def read_frame(wire: socket.socket) -> bytes:
    """Read one frame; empty at the end."""
    start = _exactly(wire, HEADER.size)
    return start and start + _exactly(wire, frame_size(start))


def _exactly(wire: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = wire.recv(min(1 << 20, size - len(parts)))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def collapse() -> None:
    """Put this process's memory into huge pages, where the kernel can (Linux 6.1).

    A fork copies the table of all pages and the child's end takes it apart. With the libraries in
    memory that is most of what a child costs, and a huge page is one entry in place of 512.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, _, _, inode, *_ = line.split()
        if rights == "rw-p" and inode == "0":
            start, end = (int(edge, 16) for edge in span.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def warmed(notebook: Notebook) -> ModuleType:
    """Import what a notebook's setup cells import, by running them with the stubs; its checks too.

    Runs no student's code. Ends with a step of an optimizer, whose first one imports a compiler,
    of a layer that has the library choose its kernels.
    """
    run_program(program(notebook, Answers()))
    if torch := sys.modules.get("torch"):
        layer = torch.nn.LSTM(2, 3)
        layer(torch.zeros(4, 1, 2))[0].sum().backward()
        torch.optim.Adam(layer.parameters()).step()
    return load_checks(notebook)


class Server:
    """Starts children, says how they are doing, ends them."""

    def __init__(
        self,
        control: socket.socket,
        namespaces: bool,
        book: Book,
        warm: Sequence[Notebook],
    ) -> None:
        self.control, self.namespaces, self.book = control, namespaces, book
        self.checks = {one.name: warmed(one) for one in warm}
        self.rules = forbidden()
        self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY)
        gc.collect()
        gc.freeze()  # a child's garbage collection then leaves the shared pages alone
        collapse()

    def serve(self) -> None:
        """Answer requests until the other side hangs up."""
        self._say(ready=len(os.listdir("/proc/self/task")), cpu=time.process_time())
        while True:
            said, wires, _, _ = socket.recv_fds(self.control, 1 << 16, 1)
            if not said:
                return
            request = json.loads(said)
            if request["op"] == "start":
                self._say(pid=self._start(request, wires[0]))
                os.close(wires[0])
            elif request["op"] == "usage":
                self._say(**self._usage(request["pid"]))
            else:
                self._say(**self._stop(request["pid"]))

    def _say(self, **said: Any) -> None:
        self.control.sendall(json.dumps(said).encode())

    def _start(self, task: dict[str, Any], wire: int) -> int:
        if self.namespaces:
            _ok(libc.unshare(NEWPID), "unshare pid")
        pid = os.fork()
        if pid == 0:
            try:
                self._child(task, wire)
            finally:
                os._exit(1)
        if self.namespaces:  # the next child gets a namespace of its own
            _ok(libc.setns(self.own_pids, NEWPID), "setns")
        return pid

    def _child(self, task: dict[str, Any], wire: int) -> None:
        os.setsid()
        os.dup2(wire, 3)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        os.closerange(4, 256)
        confine(task, self.namespaces, self.rules)
        conversation = socket.socket(fileno=3)
        side: Worker | Intake = Intake()
        if task["notebook"]:
            [notebook] = self.book.select([task["notebook"]])
            side = Worker(self.checks.get(notebook.name) or load_checks(notebook))
        while frame := read_frame(conversation):
            conversation.sendall(side.answer(frame))
        os._exit(0)

    def _usage(self, pid: int) -> dict[str, Any]:
        """CPU seconds so far, the state's letter and the number of threads, as in proc(5)."""
        fields = _stat(pid)
        ticks = int(fields[11]) + int(fields[12])
        cpu = ticks / os.sysconf("SC_CLK_TCK")
        return {"state": fields[0], "cpu": cpu, "threads": int(fields[17])}

    def _stop(self, pid: int) -> dict[str, Any]:
        """End a child, and with it its namespace.

        Says which signal had ended it before, if any, and the CPU seconds of it and of the server.
        """
        # A process that is on its way out has closed its wire already and is not to be waited for
        # yet; what ended it is known in a moment.
        ended, status, used = os.wait4(pid, 0 if int(_stat(pid)[6]) & PF_EXITING else os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            _, _, used = os.wait4(pid, 0)
            status = 0
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        cpu = used.ru_utime + used.ru_stime
        return {"signal": died, "cpu": cpu, "server": time.process_time()}


def main() -> None:
    """Serve on the inherited socket that the command line names."""
    control, level, root, *names = sys.argv[1:]
    wire, book = socket.socket(fileno=int(control)), read_book(Path(root))
    Server(wire, level == "bubblewrap", book, book.select(names) if names else ()).serve()


if __name__ == "__main__":
    main()
