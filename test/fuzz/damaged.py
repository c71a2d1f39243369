"""Damaged copies of real files: nirc ends with status 0, 1 or 4 within 5 s, never by a signal, says why where it refuses, and then leaves nothing behind.

  damaged.py NIRC DAMAGE WORK COPIES FILE...     COPIES of each file, seeds 1 to COPIES; one copy by hand: DAMAGE FILE SEED OUT
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys


def one(job):
    nirc, damage, work, path, seed = job
    where = os.path.join(work, f"{os.path.basename(path)[:-4]}-{seed}")
    os.makedirs(where)
    copy = os.path.join(where, "net.nir")
    subprocess.run([damage, path, str(seed), copy], check=True)
    said = None
    try:
        p = subprocess.run([nirc, "net.nir", "--dt", "1ms", "-O0", "-o", "out"], cwd=where, stdin=subprocess.DEVNULL, capture_output=True, timeout=5)
        left = sorted(os.listdir(where))
        if p.returncode not in (0, 1, 4):
            said = f"status {p.returncode}: {p.stderr[-300:].decode(errors='replace')}"
        elif p.returncode and not p.stderr.strip():
            said = "refused without a message"
        elif p.returncode and left != ["net.nir"]:
            said = f"left behind: {', '.join(left)}"
        elif not p.returncode and sorted(os.listdir(os.path.join(where, "out"))) != ["net.h", "net.json", "net.so"]:
            said = "status 0 without the three files"
        status = p.returncode
    except subprocess.TimeoutExpired:
        said, status = "not done after 5 s", None
    shutil.rmtree(where)
    return path, seed, status, said


def main(nirc, damage, work, copies, *files):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    jobs = [(nirc, damage, work, os.path.abspath(f), seed) for f in files for seed in range(1, int(copies) + 1)]
    taken, failed = {0: 0, 1: 0, 4: 0}, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, seed, status, said in pool.map(one, jobs):
            taken[status] = taken.get(status, 0) + 1
            if said:
                failed += 1
                print(f"{path} seed {seed}: {said}")
    print(f"{len(jobs)} copies: {taken[0]} taken, {taken[1]} refused, {taken[4]} over a limit, {failed} failed")
    sys.exit(failed > 0)


main(*sys.argv[1:])
