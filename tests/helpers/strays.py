"""Code that leaves processes behind, which `MARK` names: one without its environment, one in a session of its own."""

LEAVES = """
import os, subprocess, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sleep", ["sleep", "MARK"], {})
    os._exit(0)
subprocess.Popen(["sleep", "MARK"], start_new_session=True)
"""
