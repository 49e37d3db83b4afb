#!/bin/sh
# Puts new secrets into Vault. Standard input has a line of JSON for each, so that no other process sees a secret.
set -eu
while IFS= read -r line; do
  client=$(printf '%s\n' "$line" | sed -n 's/^{"client_id":"\([A-Za-z0-9_-][A-Za-z0-9._-]*\)".*/\1/p')
  label=$(printf '%s\n' "$line" | sed -n 's/.*,"label":"\([A-Za-z0-9_-][A-Za-z0-9._-]*\)","secret":.*/\1/p')
  # Other names could lead to another path.
  test -n "$client" && test -n "$label"
  printf '%s' "$line" | vault kv put -mount=secret "tessera/$client/$label" - > /dev/null
done
