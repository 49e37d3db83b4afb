#!/bin/sh
# Installs what package-lock.json names, Node itself included, unless that very lockfile is installed already.
set -eu
cd "$(dirname "$0")/.."
installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo "tessera: installing dependencies" >&2
  # Not `npm ci`: it insists on the metadata of every platform's packages, which not every registry mirror has.
  npm install --no-save --include=dev --include=optional --loglevel=error --no-audit --no-fund >&2
  cp package-lock.json "$installed"
fi
