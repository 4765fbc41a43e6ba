#!/usr/bin/env bash
# The tests of PKCS#11 keys need SoftHSM 2, a hardware module in software: an installed one, else Debian's.
# Without it the tests say so and are skipped, which CI counts as a failure.
set -euo pipefail
if command -v softhsm2-util >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing SoftHSM 2 (Debian package) for the tests of PKCS#11 keys"
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends softhsm2; } >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "No SoftHSM 2: the tests of PKCS#11 keys will be skipped. Install softhsm2 with your package manager."
