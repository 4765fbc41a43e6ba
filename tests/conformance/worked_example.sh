#!/usr/bin/env bash
# A log of two entries by hand: its leaves, its root, its checkpoint and the id of its key.
set -euo pipefail

# The bytes that hex digits stand for.
bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }

# The hash of an entry is SHA-256 of a zero byte and the entry.
leaf0=$({ printf '\000'; printf '%s' 'the first entry'; } | sha256sum | cut -c 1-64)
leaf1=$({ printf '\000'; printf '%s' 'the second entry'; } | sha256sum | cut -c 1-64)
echo "leaf 0: $leaf0"
echo "leaf 1: $leaf1"

# The root of two leaves is SHA-256 of a one byte and both hashes.
root=$({ printf '\001'; bytes "$leaf0"; bytes "$leaf1"; } | sha256sum | cut -c 1-64)
echo "root: $root"

# A checkpoint names the log, its size and its root.
printf 'checkpoint:\n%s\n%s\n%s\n' 'log.example/two' 2 "$(bytes "$root" | base64)"

# The id of a key is the beginning of SHA-256 of the log's name, a newline, the kind and the key.
key='AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea'
echo "key id: $({ printf 'log.example/two\n'; base64 -d <<<"$key"; } | sha256sum | cut -c 1-8)"

# Entries stand in their bundle behind their lengths, two bytes each.
bundle() { for entry in "$@"; do bytes "$(printf '%04x' "${#entry}")"; printf '%s' "$entry"; done; }
echo "bundle: $(bundle 'the first entry' 'the second entry' | base64 -w 0)"
