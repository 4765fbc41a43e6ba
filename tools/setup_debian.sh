#!/usr/bin/env bash
# Programs that some tests need, from Debian: SoftHSM 2 (a hardware module in software) for those of PKCS#11
# keys, strace for those that make system calls fail, PostgreSQL for those of the server's read store and
# Mosquitto for those of Frigate's messages (they start their own, in temporary folders). What is installed is left as it is. Without a program its
# tests say so and are skipped, which CI counts as a failure.
set -euo pipefail
missing=()
command -v softhsm2-util >/dev/null 2>&1 || missing+=(softhsm2)
command -v strace >/dev/null 2>&1 || missing+=(strace)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
[ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null 2>&1 || missing+=(mosquitto)
if [ ${#missing[@]} = 0 ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Debian packages for the tests: ${missing[*]}"
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "Some tests will be skipped for want of: ${missing[*]}. Install them with your package manager."
