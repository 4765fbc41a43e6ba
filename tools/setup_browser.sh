#!/usr/bin/env bash
# The browser tests need one Chromium: an installed one, Debian's, or Playwright's own, in that order.
# Without any of them the tests say so and are skipped, which CI counts as a failure.
set -euo pipefail
python=$1
for candidate in chromium chromium-browser google-chrome; do
  if command -v "$candidate" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium (Debian package) for the browser tests"
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "Fetching Playwright's Chromium for the browser tests"
"$python" -m playwright install chromium >/dev/null 2>&1 \
  || echo "No Chromium: the browser tests will be skipped. Install one with your package manager."
