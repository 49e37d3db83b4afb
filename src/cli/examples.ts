import type { Command } from 'commander'

/** An example of a command: the line as one types it. */
type Examples = Readonly<Record<string, readonly [string, ...string[]]>>

/** Examples of every command, by its words. A test proves that each command has one and that all of them parse. */
export const examples: Examples = {
  dev: ['tessera dev', 'tessera dev --manifest access/', 'tessera dev --data /tmp/try --runtime-port 19031'],
  'dev mint': [
    'tessera dev mint --client cc_client --audience https://api.example.com',
    'tessera dev mint --manifest access/ --client nightly --audience https://orders.example.com --scope "orders:read" --lifetime 5m',
    'tessera dev mint --client cc_client --audience https://api.example.com --wrong expiry',
  ],
  'dev jwks': ['tessera dev jwks > jwks.json'],
  serve: [
    'tessera serve --config /etc/tessera/tessera.yaml',
    'tessera serve --config /etc/tessera/tessera.yaml --manifest /etc/tessera/manifest',
  ],
  health: ['tessera health', 'tessera health --ready --config /etc/tessera/tessera.yaml'],
  validate: [
    'tessera validate -f clients.yaml',
    'tessera validate -f tessera/',
    'tessera validate --schema > manifest.schema.json',
  ],
  plan: ['tessera plan -f tessera/', 'tessera plan -f clients.yaml --detailed-exitcode'],
  diff: ['tessera diff -f tessera/', 'tessera diff -f tessera/ --server https://tessera.example.com:9999 --json'],
  apply: [
    'tessera apply -f clients.yaml --dry-run',
    'tessera apply -f apis.yaml -f clients.yaml',
    'cat clients.yaml | tessera apply -f -',
    'tessera apply -f clients.yaml --secrets-to k8s:tessera-clients | kubectl apply -f -',
  ],
  import: [
    'tessera import keycloak realm.json -o clients.yaml --env-file clients.env',
    'tessera import hydra clients.json -o clients.yaml --env-file clients.env',
    'tessera import pingfederate clients.json --audience https://orders.example.com -o clients.yaml',
    'tessera import auth0 clients.json -o clients.yaml --report report.txt',
  ],
  export: [
    'tessera export > manifest.yaml',
    'tessera export --owner payments -o payments.yaml',
    'tessera export --manifest payments | tessera apply -f - --dry-run',
    'tessera export -o manifests/ --server https://tessera.example.com:9999',
  ],
  token: [
    'tessera token --issuer https://auth.example.com --client-id job --secret-file job.secret',
    'tessera token --issuer https://auth.example.com --client-id job --secret-env JOB_SECRET --scope "orders:read" --decode',
  ],
  revoke: [
    'tessera revoke --client job',
    'tessera revoke --token < token.txt',
    'tessera revoke --jti 01890000-0000-7000-8000-000000000000',
  ],
  'keys list': ['tessera keys list'],
  'keys rotate': ['tessera keys rotate', 'tessera keys rotate --algorithm RS256 --now'],
  'keys rollback': ['tessera keys rollback --algorithm RS256'],
  'keys revoke': ['tessera keys revoke pL6ZZC4dM2sXoT5n'],
  'keys rewrap': ['tessera keys rewrap --config /etc/tessera/tessera.yaml'],
  'keys repair': ['tessera keys repair', 'tessera keys repair --yes'],
  'clients list': [
    'tessera clients list',
    'tessera clients list --owner payments --unused 90d',
    'tessera clients list --no-owner --json',
  ],
  'clients show': ['tessera clients show job', 'tessera clients show job --output yaml'],
  'clients enable': ['tessera clients enable job'],
  'clients disable': ['tessera clients disable job'],
  'credentials list': ['tessera credentials list job', 'tessera credentials list --expiring 30d'],
  'credentials add': [
    'tessera credentials add job --label deploy --expires 90d',
    'tessera credentials add job --secrets-to file:job.jsonl',
    'tessera credentials add job --jwks public.jwks.json',
    'tessera credentials add job --federated github.yaml',
  ],
  'credentials rotate': [
    'tessera credentials rotate job',
    'tessera credentials rotate job deploy --overlap 24h',
    'tessera credentials rotate job --secrets-to "exec:vault kv put secret/job -"',
  ],
  'credentials cancel': ['tessera credentials cancel job deploy'],
  'credentials revoke': ['tessera credentials revoke job deploy'],
  'credentials remove': ['tessera credentials remove job deploy'],
  'credentials label': ['tessera credentials label job deploy "deploy, old"'],
  'clients create': [
    'tessera clients create job',
    'tessera clients create job --secrets-to env:job.env',
    'tessera clients create job -f job.yaml --server https://tessera.example.com:9999',
  ],
  'clients delete': ['tessera clients delete job', 'tessera clients delete job --yes --reason "retired"'],
  'apis list': ['tessera apis list', 'tessera apis list --owner payments'],
  'apis delete': ['tessera apis delete https://orders.example.com --with-grants'],
  'groups list': ['tessera groups list'],
  'groups show': ['tessera groups show payments'],
  'groups put': ['tessera groups put payments -f payments.yaml'],
  'groups delete': ['tessera groups delete payments'],
  'apis show': ['tessera apis show https://orders.example.com'],
  'revocations list': ['tessera revocations list'],
  login: [
    'tessera login https://tessera.example.com:9999',
    'tessera login https://tessera.example.com:9999 --client-id ci --issuer https://auth.example.com --secret-file ci.secret',
    'tessera login https://tessera.example.com:9999 --client-id ci --issuer https://auth.example.com --from github',
  ],
  logout: ['tessera logout', 'tessera logout --profile production'],
  whoami: ['tessera whoami'],
  'profiles list': ['tessera profiles list'],
  'profiles use': ['tessera profiles use production'],
  'profiles delete': ['tessera profiles delete production'],
  explain: ['tessera explain 01890000-0000-7000-8000-000000000000', 'tessera explain --client job --last 5'],
  'admin bootstrap': [
    'tessera admin bootstrap --link',
    'tessera admin bootstrap --link --secrets-to file:set-up.jsonl',
    'tessera admin bootstrap --name ann --password-file ann.password',
  ],
  'admin reset': [
    'tessera admin reset ann',
    'tessera admin reset ann --second-factor',
    'tessera admin reset ann --secrets-to file:ann.jsonl',
  ],
  usage: ['tessera usage --client job --by hour --since 1d', 'tessera usage --wasteful'],
  decode: ['tessera decode token.jwt', 'tessera decode < token.jwt'],
  verify: ['tessera verify --issuer https://auth.example.com --audience https://orders.example.com < token.jwt'],
  introspect: ['tessera introspect token.jwt', 'tessera introspect --as orders-api token.jwt'],
  'audit list': [
    'tessera audit list --since 7d --client billing --result refused',
    'tessera audit list --type client.change --actor ann --json',
  ],
  'audit export': [
    'tessera audit export --to audit.jsonl --state audit.state',
    'tessera audit export --to - --since 1d',
  ],
  'audit verify': ['tessera audit verify', 'tessera audit verify --checkpoints server.log'],
  'audit rotate-key': ['tessera audit rotate-key --reason "yearly"'],
  'federate test': ['tessera federate test --client job < token.jwt'],
  'audit tail': ['tessera audit tail --follow', 'tessera audit tail -n 100 --client job --json'],
  'storage migrate': ['tessera storage migrate'],
  'storage copy': ['tessera storage copy --from sqlite:tessera.db --to postgres://tessera@db.example.com/tessera'],
  'storage compact': ['tessera storage compact'],
  'nodes list': ['tessera nodes list', 'tessera nodes list --server https://tessera.example.com:9999 --json'],
  upgrade: ['tessera upgrade --check', 'tessera upgrade --check --json'],
  backup: ['tessera backup --to backup.db'],
  restore: ['tessera restore --from backup.db', 'tessera restore --from backup.db --replace'],
  'config check': ['tessera config check --config /etc/tessera/tessera.yaml'],
  'config reference': ['tessera config reference'],
  completion: ['tessera completion bash > /etc/bash_completion.d/tessera', 'tessera completion fish | source'],
  help: ['tessera help credentials rotate'],
}

/** Ends the help of each command with its examples. */
export function addExamples(command: Command, words: readonly string[] = []): void {
  const lines = examples[words.join(' ')]
  if (lines !== undefined) command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`)
  for (const sub of command.commands) addExamples(sub, [...words, sub.name()])
}
