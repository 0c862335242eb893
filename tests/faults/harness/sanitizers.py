"""What sanitizers say: a build with one (the presets dev and tsan) runs as any other."""
import os

# The slow disk's library stands before the sanitizer's.
OPTIONS = {"ASAN_OPTIONS": "verify_asan_link_order=0"}
WORDS = (b"ERROR: AddressSanitizer", b"ERROR: LeakSanitizer", b"WARNING: ThreadSanitizer",
         b": runtime error: ")
TOLD = 5  # of a log


def said(logs):
    """What stands in these files: the first lines of each."""
    found = []
    for log in logs:
        if not os.path.exists(log):
            continue
        with open(log, "rb") as lines:
            ours = [line for line in lines if any(word in line for word in WORDS)]
        found += ["%s: %s" % (os.path.basename(log), line.decode(errors="replace").strip())
                  for line in ours[:TOLD]]
    return found
