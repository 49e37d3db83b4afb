#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { Command } from 'commander'
import { version } from '../platform/version.ts'
import { addConfigOptions } from './config-options.ts'
import { showHelp } from './help.ts'
import { explainMistakes } from './mistakes.ts'
import { fail } from './output.ts'
import { collect, refuseRepeatedOptions } from './repeated-options.ts'

enableCompileCache?.()

/** A test imports it, and runs it without a process. */
export const program = new Command('tessera')
  .description('An OAuth 2.0 authorization server for machines.')
  .version(version)
  .helpCommand(false)

addConfigOptions(
  program
    .command('dev')
    .description('serve for development: sample data, a certificate for localhost, everything in one folder'),
).action(async (_options, command: Command) => (await import('./dev.ts')).dev(command))

addConfigOptions(program.command('serve').description('serve for real'))
  .addHelpText(
    'after',
    '\nWithout --config, the file is the one of TESSERA_CONFIG, else /etc/tessera/tessera.yaml where that exists.',
  )
  .action(async (_options, command: Command) => (await import('./serve.ts')).serve(command))

program
  .command('apply')
  .description('make APIs, scopes and clients what a manifest says')
  .requiredOption(
    '-f, --file <file>',
    'the manifest, YAML; - reads standard input; may be repeated for a manifest in several files',
    collect,
  )
  .option('--dry-run', 'print what would be done, and do nothing')
  .option('--json', 'print JSON')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./apply.ts')).apply(options))

program
  .command('token')
  .description('get an access token')
  .requiredOption('--issuer <url>', 'the authorization server')
  .requiredOption('--client-id <id>', 'the client')
  .option(
    '--secret-env <name>',
    'the environment variable with the client secret; by default it is read from standard input',
  )
  .option('--secret-file <file>', 'the file with the client secret')
  .option('--auth-method <method>', 'client_secret_basic or client_secret_post', 'client_secret_basic')
  .option('--scope <scope>', 'the scopes to ask for, separated by spaces')
  .option('--resource <uri...>', 'the API that the token is for (RFC 8707)')
  .option('--ca <file>', 'certificates to trust besides the usual ones, PEM')
  .option('--decode', 'print what is in the token')
  .option('--json', 'print the whole response as it came; with --decode, the content of the token beside it')
  .option('--curl', 'print the equivalent curl command, and ask for no token')
  .action(async (options) => (await import('./token.ts')).token(options))

program
  .command('revoke')
  .description('end one token, or everything issued before now to a client, for an API, or under a key')
  .option('--token', 'the token on standard input')
  .option('--jti <id>', 'the token with this jti, which is the id of the request that issued it')
  .option('--client <id>', 'everything issued to this client')
  .option('--api <audience>', 'everything issued for this API')
  .option('--key <kid>', 'everything issued under this key')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./revoke.ts')).revoke(options))

const keys = program.command('keys').description('the keys that sign and seal tokens')
const keyCommand = (name: string, description: string) =>
  keys
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration that names the database and the master key')
keyCommand('list', 'print every key, and who has fetched those that are not yet in use')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./keys.ts')).keysList(options))
keyCommand('rotate', 'have the next key sign as soon as verifiers can have it')
  .option('-a, --algorithm <alg>', 'ES256, RS256, PS256, EdDSA, or A256GCM for sealed tokens', 'ES256')
  .option('--now', 'at once, whoever has it')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./keys.ts')).keysRotate(options))
keyCommand('rollback', 'have the key before the active one sign again')
  .option('-a, --algorithm <alg>', 'ES256, RS256, PS256, EdDSA, or A256GCM for sealed tokens', 'ES256')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./keys.ts')).keysRollback(options))
keyCommand('revoke <kid>', 'end a key at once, with everything that it has signed')
  .option('--json', 'print JSON')
  .action(async (kid, options) => (await import('./keys.ts')).keysRevoke(kid, options))
keyCommand(
  'rewrap',
  'encrypt every key under the current master key, having given the one before as previous_master_key_file',
).action(async (options) => (await import('./keys.ts')).keysRewrap(options))

keyCommand('repair', 'list the keys and secrets that this master key can not open, and how they would be repaired')
  .option('--yes', 'do it')
  .option('--master-key-lost', 'the master key in use is lost for good: replace it by this one')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./keys-repair.ts')).keysRepair(options))

const CONFIG = ['-c, --config <file>', 'the configuration that names the database'] as const
const JSON_OUTPUT = ['--json', 'print JSON'] as const

const clients = program.command('clients').description('the services that may ask for tokens')
clients
  .command('list')
  .description('print every client, a line each')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./clients.ts')).clientsList(options))
clients
  .command('show <client-id>')
  .description('print one client, as JSON, without its secrets')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (id, options) => (await import('./clients.ts')).clientsShow(id, options))
clients
  .command('enable <client-id>')
  .description('let a disabled client authenticate again; its earlier tokens stay inactive')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (id, options) => (await import('./clients.ts')).clientsEnable(id, true, options))
clients
  .command('disable <client-id>')
  .description('refuse everything from a client, and end its tokens, without removing it')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (id, options) => (await import('./clients.ts')).clientsEnable(id, false, options))

const credentials = program.command('credentials').description('what clients prove with who they are')
const credentialCommand = (name: string, description: string) =>
  credentials
    .command(name)
    .description(description)
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
const newCredential = (command: Command) =>
  command
    .option('--label <text>', 'what people call it')
    .option('--expires <when>', 'a time such as 2030-01-01T00:00:00Z, or from now on, such as 90d')
    .option('--secret-env <name>', 'the environment variable with the secret; by default one is generated')
    .option('--retrievable', 'keep the secret encrypted rather than hashed, for client_secret_jwt')
    .option('--jwks <file>', 'the file with the public keys, a JWK set; - reads standard input')
    .option('--jwks-uri <url>', 'where the public keys are')
    .option('--algorithm <alg>', 'the only algorithm that the keys may sign with')
    .option('--certificate <name=value>', 'subject_dn, san_dns, san_uri, san_ip, san_email or thumbprint')
    .option('--federated <file>', 'the tokens of an outside issuer, written as in a manifest; - reads standard input')
credentialCommand('list <client-id>', 'print the credentials of a client, and how they stand').action(
  async (id, options) => (await import('./credentials.ts')).credentialsList(id, options),
)
newCredential(credentialCommand('add <client-id>', 'add a credential beside those there are')).action(
  async (id, options) => (await import('./credentials.ts')).credentialsAdd(id, options),
)
newCredential(
  credentialCommand(
    'rotate <client-id> [credential]',
    'add the next credential, and let the one before end after a while',
  ),
)
  .option('--overlap <duration>', 'how long the one before is good yet, such as 24h', '7d')
  .action(async (id, credential, options) =>
    (await import('./credentials.ts')).credentialsRotate(id, credential, options),
  )
credentialCommand(
  'cancel <client-id> <credential>',
  'undo a rotation: the one before lives on, the new one is removed',
).action(async (id, credential, options) =>
  (await import('./credentials.ts')).credentialsCancel(id, credential, options),
)
credentialCommand('revoke <client-id> <credential>', 'end a credential now').action(async (id, credential, options) =>
  (await import('./credentials.ts')).credentialsRevoke(id, credential, options),
)
credentialCommand('remove <client-id> <credential>', 'remove a credential for good').action(
  async (id, credential, options) => (await import('./credentials.ts')).credentialsRemove(id, credential, options),
)
credentialCommand('label <client-id> <credential> <text>', 'give a credential another label').action(
  async (id, credential, label, options) =>
    (await import('./credentials.ts')).credentialsLabel(id, credential, label, options),
)

program
  .command('explain <request-id...>')
  .description('say what came of a request and why, from its X-Request-Id')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (words, options) => (await import('./explain.ts')).explain(words.join(' '), options))

const federate = program.command('federate').description('tokens of outside issuers as credentials')
federate
  .command('test')
  .description('say which federated credential of a client the token on standard input matches, and why others do not')
  .requiredOption('--client <id>', 'the client')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./federate.ts')).federateTest(options))

const audit = program.command('audit').description('the audit log')
audit
  .command('tail')
  .description('print the last events, oldest first')
  .option('-n, --lines <count>', 'how many', '20')
  .option('-f, --follow', 'go on printing events as they come')
  .option('--client <id>', 'only those of this client')
  .option('--request-id <id>', 'only those of this request')
  .option('--json', 'print JSON, an event a line')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./audit.ts')).auditTail(options))

const storage = program.command('storage').description('the database')
storage
  .command('migrate')
  .description('bring the database to what this program expects, as `serve` does where its role may')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./storage.ts')).storageMigrate(options))
storage
  .command('copy')
  .description('copy everything into another, empty database, and compare each row; stop the servers first')
  .requiredOption('--from <location>', 'sqlite: and a path, or postgres://…')
  .requiredOption('--to <location>', 'the same, of an empty database')
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration that says how to use PostgreSQL')
  .action(async (options) => (await import('./storage.ts')).storageCopy(options))

storage
  .command('compact')
  .description('write an SQLite database anew without its unused room, while no server runs on it')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./storage.ts')).storageCompact(options))

program
  .command('backup')
  .description('copy the database, as it is at one moment, to a new file, while servers run')
  .requiredOption('--to <file>', 'the backup, which is not there yet')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./backup.ts')).backup(options))
program
  .command('restore')
  .description('put a backup in the place of the database, while no server runs on it')
  .requiredOption('--from <file>', 'the backup')
  .option('--replace', 'even where a database with data is, which is kept beside')
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration that names the database and the master key')
  .action(async (options) => (await import('./backup.ts')).restore(options))

const config = program.command('config').description('the configuration')
addConfigOptions(config.command('check').description('say whether `tessera serve` would start on it')).action(
  async (_options, command: Command) => (await import('./config.ts')).configCheck(command),
)
config
  .command('reference')
  .description('print every option, as Markdown')
  .action(async () => (await import('./config.ts')).configReference())

program
  .command('help [command...]')
  .description('print the help of a command, such as credentials rotate')
  .action((words: string[]) => showHelp(program, words))

explainMistakes(program)
refuseRepeatedOptions(program)
if (import.meta.main) program.parseAsync().catch(fail)
