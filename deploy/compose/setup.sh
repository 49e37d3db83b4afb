#!/bin/sh
# Makes the secrets of compose.yaml in ./secrets, as root. Existing ones stay as they are. Usage: sudo sh setup.sh auth.example.com
set -eu
host=${1:?'name the host of the issuer, such as auth.example.com'}
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
cd secrets

# Makes a file with the output of a command, whole or not at all, for the user of one container.
make() {
  file=$1 owner=$2
  shift 2
  [ -e "$file" ] && return
  "$@" > "$file.new"
  chown "$owner" "$file.new"
  mv "$file.new" "$file"
  echo "made secrets/$file"
}

make master-key 65532 openssl rand -base64 32
make database-password 65532 openssl rand -hex 24
make grafana-password 472 openssl rand -hex 12

# A certificate of its own authority, to begin with. Put that of your authority, and its key, in its place. Prometheus connects to
# the name "tessera".
if [ ! -e tls.crt ] && [ ! -e tls.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -keyout tls.key -out tls.crt \
    -subj "/CN=$host" -addext "subjectAltName=DNS:$host,DNS:localhost,DNS:tessera" 2> openssl.log || { cat openssl.log >&2; exit 1; }
  rm openssl.log
  chown 65532 tls.key tls.crt
  echo 'made secrets/tls.key and secrets/tls.crt'
fi
make ca.crt 65534 cat tls.crt
chmod 644 tls.crt ca.crt
# Only root enters the folder on the machine. The containers get each file by itself.
chmod 700 .
