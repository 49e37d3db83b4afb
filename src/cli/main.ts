#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { Command } from 'commander'
import { addConfigOptions } from './config-options.ts'
import { fail } from './output.ts'
import { version } from './version.ts'

enableCompileCache?.()

const program = new Command('tessera')
  .description('An OAuth 2.0 authorization server for machines.')
  .version(version)
  .showHelpAfterError('(tessera --help lists the commands)')

addConfigOptions(
  program
    .command('dev')
    .description('serve for development: sample data, self-signed certificate, everything in one folder'),
).action(async (_options, command: Command) => (await import('./dev.ts')).dev(command))

addConfigOptions(program.command('serve').description('serve for real'))
  .addHelpText('after', '\nWithout --config, everything comes from the environment and flags.')
  .action(async (_options, command: Command) => (await import('./serve.ts')).serve(command))

program
  .command('apply')
  .description('make APIs, scopes and clients what a manifest says')
  .requiredOption('-f, --file <file>', 'the manifest, YAML; - reads standard input')
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
  .option('--json', 'print the whole response')
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

const config = program.command('config').description('the configuration')
addConfigOptions(config.command('check').description('say whether `tessera serve` would start on it')).action(
  async (_options, command: Command) => (await import('./config.ts')).configCheck(command),
)
config
  .command('reference')
  .description('print every option, as Markdown')
  .action(async () => (await import('./config.ts')).configReference())

program.parseAsync().catch(fail)
