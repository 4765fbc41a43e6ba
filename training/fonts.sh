#!/usr/bin/env bash
# Fetch the open-licence fonts that rendered plates use (SIL OFL, Apache-2.0, EPL/EDL) from Debian into training/out/fonts.
# Where apt-get is missing or a package is gone, rendering goes on with the fonts that are there.
set -euo pipefail
cd "$(dirname "$0")"
fonts=out/fonts
if [ -d "$fonts" ] || ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then exit 0; fi
mkdir -p "$fonts"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fonts=$(realpath "$fonts")
cd "$work"
for package in allerta b612 bebas-neue cabin dancingscript dosis ebgaramond jura kaushanscript lato \
  league-spartan national-park open-sans play quicksand roboto-unhinted; do
  apt-get download -qq "fonts-$package" >/dev/null 2>&1 || echo "fonts-$package: not found, left out"
done
for archive in *.deb; do [ -e "$archive" ] && dpkg-deb -x "$archive" unpacked; done
if [ -d unpacked ]; then find unpacked \( -name '*.ttf' -o -name '*.otf' \) -exec cp {} "$fonts/" \;; fi
