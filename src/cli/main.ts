#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { Argument, Command, Option } from 'commander'
import { systems } from '../importers/systems.ts'
import { apiSorts } from '../management/apis/list.ts'
import { clientSorts, credentialSorts } from '../model/fleet/filters.ts'
import { version } from '../platform/version.ts'
import { addConfigOptions } from './config-options.ts'
import { addExamples } from './examples.ts'
import { fail } from './fail.ts'
import { addGlobalOptions, addOutputOptions, addTargetOptions } from './global-options.ts'
import { showHelp } from './help.ts'
import { explainMistakes } from './mistakes.ts'
import { collect, refuseRepeatedOptions } from './repeated-options.ts'
import { addSecretsOption } from './secrets/option.ts'

enableCompileCache?.()

const REASON = ['--reason <text>', 'why, in one line; the audit log has it'] as const

/** Exported so that tests can run it within their own process. */
export const program = new Command('tessera')
  .description('An OAuth 2.0 authorization server for machines.')
  .version(version)
  .helpCommand(false)

addConfigOptions(
  program
    .command('dev')
    .description('run a server for development: sample data, a certificate for localhost, everything in one folder'),
).action(async (_options, command: Command) => (await import('./dev.ts')).dev(command))

addConfigOptions(program.command('serve').description('run the server'))
  .addHelpText(
    'after',
    '\nWithout --config, TESSERA_CONFIG names the file. Without both, the file is /etc/tessera/tessera.yaml if it exists.',
  )
  .action(async (_options, command: Command) => (await import('./serve.ts')).serve(command))

const MANIFEST_FILES = [
  '-f, --file <file>',
  'the manifest, YAML, or a folder of files; - reads standard input; may be repeated',
  collect,
] as const
const TAKE_OVER = ['--take-over', 'do it even if a manifest owns what this changes'] as const
const PRUNE = ['--prune', 'delete what the manifest owns and no longer names'] as const
const DETAILED = ['--detailed-exitcode', 'exit with 2 if something changes, and with 0 if nothing does'] as const

program
  .command('validate')
  .description('check a manifest without a database, and list every mistake with its place')
  .option(...MANIFEST_FILES)
  .option('--schema', 'print the JSON Schema of a manifest, for editors')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./validate.ts')).validate(options))

program
  .command('plan')
  .description('show what a manifest would change and end, and change nothing')
  .requiredOption(...MANIFEST_FILES)
  .option(...PRUNE)
  .option(...TAKE_OVER)
  .option(...DETAILED)
  .option('--json', 'print JSON')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./apply.ts')).plan(options))

program
  .command('diff')
  .description('compare a manifest with the server, field by field: exit with 0 if they are equal, and with 2 if not')
  .requiredOption(...MANIFEST_FILES)
  .option('--json', 'print JSON')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./diff.ts')).diff(options))

program
  .command('apply')
  .description('make APIs, scopes and clients match a manifest')
  .requiredOption(...MANIFEST_FILES)
  .option('--dry-run', 'print the changes, and make none of them')
  .option(...PRUNE)
  .option(...TAKE_OVER)
  .option('--allow-destroy', 'end credentials in use, scopes of clients, owners, clients and APIs')
  .option('--ignore-tests', 'go on although tests of the manifest fail; the audit log names them')
  .option(...DETAILED)
  .option('--json', 'print JSON')
  .option('-c, --config <file>', 'the configuration that names the database')
  .option(...REASON)
  .action(async (options) => (await import('./apply.ts')).apply(options))

program
  .command('import')
  .description('turn the export of another authorization server into a manifest, and report what becomes of each field')
  .addArgument(new Argument('<system>', 'the system').choices(systems))
  .argument('<file>', 'its export, JSON; - reads standard input')
  .option('-o, --manifest <file>', 'the file for the manifest, which only you can read; by default, standard output')
  .option('--report <file>', 'the file for the report; by default, standard error')
  .option('--env-file <file>', 'a file for the secrets, which the manifest takes from the environment')
  .option('--with-secrets', 'put the secrets into the manifest')
  .option('--audience <uri>', 'the API of the scopes for which the export names none')
  .option('--json', 'print the report as JSON')
  .action(async (system, file, options) => (await import('./import.ts')).importExport(system, file, options))

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
  .option(
    '--auth-method <method>',
    'the registered name of the method; by default, the one that the other options imply',
  )
  .option('--key <file>', 'the private key, PEM or JWK: for private_key_jwt, or with --cert for mutual TLS')
  .option('--alg <alg>', 'the algorithm of the key')
  .option('--kid <kid>', 'the key id in the assertion')
  .option('--cert <file>', 'the client certificate and its chain, PEM')
  .option('--assertion-file <file>', 'the token of a platform; - reads standard input')
  .option('--from <platform>', 'get the token of the platform: github, gitlab or kubernetes')
  .option('--dpop <key>', 'bind the token by a DPoP proof: new, or the file of a private key')
  .option('--scope <scope>', 'the scopes to ask for, separated by spaces')
  .option('--resource <uri...>', 'the API that the token is for (RFC 8707)')
  .option('--ca <file>', 'certificates to trust in addition to the default ones, PEM')
  .option('--decode', 'print the content of the token')
  .option('--json', 'print the unchanged response; with --decode, add the content of the token')
  .option('--curl', 'print the equivalent curl command, and request no token')
  .action(async (options) => (await import('./token.ts')).token(options))

program
  .command('revoke')
  .description('revoke one token, or every token issued so far to a client, for an API, or under a key')
  .option('--token', 'the token on standard input')
  .option('--jti <id>', 'the token with this jti, which is the id of the request that issued it')
  .option('--client <id>', 'every token issued to this client')
  .option('--api <audience>', 'every token issued for this API')
  .option('--key <kid>', 'every token issued under this key')
  .option('--yes', 'do not ask, but do it')
  .option('-c, --config <file>', 'the configuration that names the database')
  .option(...REASON)
  .action(async (options) => (await import('./revoke.ts')).revoke(options))

const keyAlgorithm = () =>
  new Option('-a, --algorithm <alg>', 'the algorithm of the key; A256GCM for sealed tokens')
    .choices(['ES256', 'RS256', 'PS256', 'EdDSA', 'A256GCM'])
    .default('ES256')

const keys = program.command('keys').description('the keys that sign and seal tokens')
const keyCommand = (name: string, description: string) =>
  keys
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'the configuration that names the database and the master key')
keyCommand('list', 'print every key, and the consumers that have fetched the pending ones')
  .option('--json', 'print JSON')
  .action(async (options) => (await import('./keys.ts')).keysList(options))
keyCommand('rotate', 'activate the next key once it has been published long enough')
  .addOption(keyAlgorithm())
  .option('--now', 'activate it at once, even if verifiers have not fetched it')
  .option('--json', 'print JSON')
  .option(...REASON)
  .action(async (options) => (await import('./keys.ts')).keysRotate(options))
keyCommand('rollback', 'make the previous key active again')
  .addOption(keyAlgorithm())
  .option('--json', 'print JSON')
  .option(...REASON)
  .action(async (options) => (await import('./keys.ts')).keysRollback(options))
keyCommand('revoke <kid>', 'revoke a key at once, and with it every token that it signed')
  .option('--yes', 'do not ask, but do it')
  .option('--json', 'print JSON')
  .option(...REASON)
  .action(async (kid, options) => (await import('./keys.ts')).keysRevoke(kid, options))
keyCommand(
  'rewrap',
  'encrypt every key under the current master key; previous_master_key_file must name the previous one',
)
  .option(...REASON)
  .action(async (options) => (await import('./keys.ts')).keysRewrap(options))

keyCommand('repair', 'list the keys and secrets that this master key can not decrypt, and how to repair them')
  .option('--yes', 'make the repairs')
  .option('--master-key-lost', 'the master key in use is lost for good: replace it with this one')
  .option('--json', 'print JSON')
  .option(...REASON)
  .action(async (options) => (await import('./keys-repair.ts')).keysRepair(options))

const CONFIG = ['-c, --config <file>', 'the configuration that names the database'] as const
const YES = ['--yes', 'do not ask, but do it'] as const
const JSON_OUTPUT = ['--json', 'print JSON'] as const

const OWNER = ['--owner <group>', 'only those of this owner; may be repeated', collect] as const
/** Not the opposite of the option without `no-`, for which commander would take it. */
const without = (flag: string, description: string) => Object.assign(new Option(flag, description), { negate: false })
const noOwner = () => without('--no-owner', 'only those that nobody owns')
const MANIFEST = ['--manifest <name>', 'only those that this manifest owns'] as const
const noManifest = () => without('--no-manifest', 'only those that no manifest owns')
const UNUSED = ['--unused <days>', 'only those that were not used for so many days, such as 90d'] as const
const REVERSE = ['--reverse', 'the last first'] as const

program
  .command('export')
  .description('write the APIs and clients as a manifest, without secrets, that `tessera apply` makes them of')
  .option('-o, --to <path>', 'a file, or a folder for a file of each manifest; by default, standard output')
  .option('--client <id>', 'this client; may be repeated', collect)
  .option('--api <audience>', 'this API; may be repeated', collect)
  .option(...OWNER)
  .addOption(noOwner())
  .option(...MANIFEST)
  .addOption(noManifest())
  .option(...CONFIG)
  .action(async (options) => (await import('./export.ts')).exportManifest(options))

const clients = program.command('clients').description('manage clients')
clients
  .command('list')
  .description('print the clients, one line each')
  .option('--search <text>', 'clients whose id or name begins with this')
  .option(...OWNER)
  .addOption(noOwner())
  .option(...MANIFEST)
  .addOption(noManifest())
  .option('--tag <tag>', 'clients with this tag')
  .option(...UNUSED)
  .option('--expiring <days>', 'clients of which a credential expires within so many days, such as 30d')
  .addOption(new Option('--sort <field>', 'the order').choices(clientSorts))
  .option(...REVERSE)
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
  .option(...REASON)
  .action(async (id, options) => (await import('./clients.ts')).clientsEnable(id, true, options))
clients
  .command('disable <client-id>')
  .description('refuse every request of a client, and end its tokens, without removing it')
  .option(...YES)
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (id, options) => (await import('./clients.ts')).clientsEnable(id, false, options))

clients
  .command('create <client-id>')
  .description('create a client; without a file, with a generated secret')
  .option('-f, --file <file>', 'the settings of the client as in a manifest, YAML or JSON; - reads standard input')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (id, options) => (await import('./clients.ts')).clientsCreate(id, options))

clients
  .command('delete <client-id>')
  .description('delete a client for good, with its credentials and tokens')
  .option(...TAKE_OVER)
  .option(...YES)
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (id, options) => (await import('./clients.ts')).clientsDelete(id, options))

const apis = program.command('apis').description('the APIs that tokens are for')
apis
  .command('list')
  .description('print the APIs, one line each')
  .option('--search <text>', 'APIs whose audience or name begins with this')
  .option(...OWNER)
  .addOption(noOwner())
  .option(...MANIFEST)
  .addOption(noManifest())
  .addOption(new Option('--sort <field>', 'the order').choices(apiSorts))
  .option(...REVERSE)
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./apis.ts')).apisList(options))
apis
  .command('delete <audience>')
  .description('delete an API for good, and end its tokens')
  .option('--with-grants', 'take it out of the clients that refer to it; without this, they keep it from being deleted')
  .option(...TAKE_OVER)
  .option(...YES)
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (audience, options) => (await import('./apis.ts')).apisDelete(audience, options))
apis
  .command('show <audience>')
  .description('print one API and its scopes, as JSON')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (audience, options) => (await import('./apis.ts')).apisShow(audience, options))

const groups = program.command('groups').description('the groups that own clients and APIs')
groups
  .command('list')
  .description('print the groups, one line each')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./groups.ts')).groupsList(options))
groups
  .command('show <group>')
  .description('print a group and its members, as JSON')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (name, options) => (await import('./groups.ts')).groupsShow(name, options))
groups
  .command('put <group>')
  .description('create a group, or replace its description and members')
  .requiredOption('-f, --file <file>', 'the description and members, YAML or JSON; - reads standard input')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (name, options) => (await import('./groups.ts')).groupsPut(name, options))
groups
  .command('delete <group>')
  .description('delete a group that owns nothing')
  .option(...YES)
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .option(...REASON)
  .action(async (name, options) => (await import('./groups.ts')).groupsDelete(name, options))

const revocations = program.command('revocations').description('the tokens that are revoked')
revocations
  .command('list')
  .description('print the revocations that still matter, oldest first')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./revocations.ts')).revocationsList(options))

const credentials = program.command('credentials').description('manage client credentials')
const credentialCommand = (name: string, description: string) =>
  credentials
    .command(name)
    .description(description)
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
const credentialChange = (name: string, description: string) => credentialCommand(name, description).option(...REASON)
const newCredential = (command: Command) =>
  command
    .option('--label <text>', 'a name for people')
    .option('--expires <when>', 'a time such as 2030-01-01T00:00:00Z, or a duration from now, such as 90d')
    .option('--secret-env <name>', 'the environment variable with the secret; by default one is generated')
    .option('--retrievable', 'keep the secret encrypted rather than hashed, for client_secret_jwt')
    .option('--jwks <file>', 'the file with the public keys, a JWK set; - reads standard input')
    .option('--jwks-uri <url>', 'the URL of the public keys')
    .option('--algorithm <alg>', 'the only algorithm that the keys may sign with')
    .option('--certificate <name=value>', 'subject_dn, san_dns, san_uri, san_ip, san_email or thumbprint')
    .option(
      '--federated <file>',
      'the file that describes tokens of an outside issuer, as in a manifest; - reads standard input',
    )
credentialCommand('list [client-id]', 'print the credentials of a client and their status, or those of all clients')
  .option(...OWNER)
  .addOption(noOwner())
  .option(...UNUSED)
  .option('--expiring <days>', 'credentials that expire within so many days, such as 30d')
  .addOption(new Option('--state <state>', 'credentials in this state').choices(['valid', 'expired', 'revoked']))
  .addOption(new Option('--sort <field>', 'the order').choices(credentialSorts))
  .option(...REVERSE)
  .action(async (id, options) => (await import('./credentials.ts')).credentialsList(id, options))
newCredential(credentialChange('add <client-id>', 'add a credential to a client')).action(async (id, options) =>
  (await import('./credentials.ts')).credentialsAdd(id, options),
)
newCredential(
  credentialChange(
    'rotate <client-id> [credential]',
    'add the successor of a credential, and let the old one expire after the overlap',
  ),
)
  .option('--overlap <duration>', 'how long the old credential stays valid, such as 24h', '7d')
  .action(async (id, credential, options) =>
    (await import('./credentials.ts')).credentialsRotate(id, credential, options),
  )
credentialChange(
  'cancel <client-id> <credential>',
  'undo a rotation: keep the old credential, and remove the new one',
).action(async (id, credential, options) =>
  (await import('./credentials.ts')).credentialsCancel(id, credential, options),
)
credentialChange('revoke <client-id> <credential>', 'end a credential now')
  .option(...YES)
  .action(async (id, credential, options) =>
    (await import('./credentials.ts')).credentialsRevoke(id, credential, options),
  )
credentialChange('remove <client-id> <credential>', 'remove a credential for good')
  .option(...YES)
  .action(async (id, credential, options) =>
    (await import('./credentials.ts')).credentialsRemove(id, credential, options),
  )
credentialChange('label <client-id> <credential> <text>', 'give a credential another label').action(
  async (id, credential, label, options) =>
    (await import('./credentials.ts')).credentialsLabel(id, credential, label, options),
)

program
  .command('explain [request-id...]')
  .description(
    'explain the result of a request and how to mend it, given its id or text that holds it; - reads standard input',
  )
  .option('--client <id>', 'the last refused requests of this client')
  .option('--last [count]', 'with --client: the number of requests, 1 by default')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (words, options) => (await import('./explain.ts')).explain(words.join(' '), options))

program
  .command('usage')
  .description('print how many tokens were issued, and how many requests for tokens were refused')
  .option('--client <id>', 'only this client, with its APIs and credentials')
  .option('--api <audience>', 'only this API')
  .option('--credential <id>', 'only this credential')
  .option('--owner <group>', 'only clients of this owner')
  .option('--by <interval>', 'minute, hour or day', 'day')
  .option('--since <duration>', 'how long ago usage begins, such as 7d; by default an hour, a day or a week')
  .option('--top', 'print the clients and APIs with the most tokens, and with the most refusals')
  .option('--wasteful', 'print the clients that probably fetch a token for each call instead of keeping it')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./usage.ts')).usage(options))
program
  .command('decode [file]')
  .description('print the header and the claims of a JWT, and check nothing; without a file, it is on standard input')
  .option(...JSON_OUTPUT)
  .action(async (file, options) => (await import('./decode.ts')).decode(file, options))
program
  .command('verify [file]')
  .description('check a JWT as an API does, with the published keys of its issuer, and print each check')
  .requiredOption('--issuer <url>', 'the authorization server')
  .option('--audience <uri>', 'the audience that the API expects')
  .option('--ca <file>', 'certificates to trust in addition to the default ones, PEM')
  .option(...JSON_OUTPUT)
  .action(async (file, options) => (await import('./verify.ts')).verify(file, options))
program
  .command('introspect [file]')
  .description('say why a token is active or not, from the database, or ask a server as an API does')
  .option('--as <client>', 'on the database: check whether this client may introspect the token')
  .option('--issuer <url>', 'ask this authorization server')
  .option('--client-id <id>', 'with --issuer: the client that asks')
  .option('--secret-env <name>', 'with --issuer: the environment variable with the client secret')
  .option('--secret-file <file>', 'with --issuer: the file with the client secret')
  .option('--auth-method <method>', 'with --issuer: the registered name of the method')
  .option('--key <file>', 'with --issuer: the private key of the client, PEM or JWK')
  .option('--cert <file>', 'with --issuer: the client certificate, PEM')
  .option('--ca <file>', 'with --issuer: certificates to trust in addition to the default ones, PEM')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (file, options) => (await import('./introspect.ts')).introspect(file, options))

const federate = program.command('federate').description('test tokens of outside issuers')
federate
  .command('test')
  .description('say which federated credential of a client the token on standard input matches, and why others do not')
  .requiredOption('--client <id>', 'the client')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./federate.ts')).federateTest(options))

const admin = program.command('admin').description('the people who administer')
admin
  .command('bootstrap')
  .description('make the first administrator: an account with a password, or a link with which a person makes it')
  .option('--link', 'print a one-time link to the set-up page')
  .option('--name <name>', 'the name of the account')
  .option('--display-name <text>', 'the name that others see')
  .option(
    '--password-env <name>',
    'the environment variable with the password; by default it is read from standard input',
  )
  .option('--password-file <file>', 'the file with the password; - reads standard input')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./admin.ts')).adminBootstrap(options))
admin
  .command('reset <name>')
  .description('print a one-time link with which a person sets a new password')
  .option('--second-factor', 'remove the second factor of the account, too')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (name, options) => (await import('./admin.ts')).adminReset(name, options))

const audit = program.command('audit').description('the audit log')
audit
  .command('tail')
  .description('print the last events, oldest first')
  .option('-n, --lines <count>', 'the number of events', '20')
  .option('-f, --follow', 'keep printing new events')
  .option('--client <id>', 'only events of this client')
  .option('--request-id <id>', 'only events of this request')
  .option('--json', 'print JSON, one event per line')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./audit.ts')).auditTail(options))

audit
  .command('list')
  .description('print events, the newest first; an option with several values is given several times')
  .option('--since <when>', 'events since a time such as 2030-01-01T00:00:00Z, or for a duration such as 7d')
  .option('--until <when>', 'events before a time, or until a duration ago')
  .option('--client <id>', 'events of this client', collect)
  .option('--owner <group>', 'events of the clients that this group owns', collect)
  .option('--type <type>', 'events of this type, such as token.issue', collect)
  .option('--result <result>', 'success or refused')
  .option('--reason <reason>', 'requests refused for this reason, such as wrong_secret', collect)
  .option('--actor <name>', 'changes by this account, administrator or client; system for schedules')
  .option('--request-id <id>', 'events of this request')
  .option('--credential <id>', 'events of this credential')
  .option('--api <audience>', 'tokens for this API')
  .option('-n, --limit <count>', 'the most events', '50')
  .option('--cursor <cursor>', 'go on where an earlier list has ended')
  .option('--json', 'print JSON')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./audit-list.ts')).auditList(options))
audit
  .command('export')
  .description('append events to a file, as JSON lines, the oldest first')
  .requiredOption('--to <file>', 'the file; - is standard output')
  .option('--since <when>', 'events since a time such as 2030-01-01T00:00:00Z, or for a duration such as 7d')
  .option('--until <when>', 'events before a time, or until a duration ago')
  .option('--state <file>', 'remember there how far it got, and go on from there the next time')
  .option('-c, --config <file>', 'the configuration that names the database')
  .action(async (options) => (await import('./audit-export.ts')).auditExport(options))
audit
  .command('verify')
  .description('verify that no event was changed, removed, inserted or moved; the exit code is 1 if one was')
  .option('--key <thumbprint>', 'the only key to trust, with those that it vouches for')
  .option('--checkpoints <file>', 'a log of servers, whose checkpoints must match, too; - reads standard input')
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration that names the database and the master key')
  .action(async (options) => (await import('./audit-proof.ts')).auditVerify(options))
audit
  .command('rotate-key')
  .description('replace the key that signs the audit log; the old key signs the new one')
  .option(...REASON)
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration that names the database and the master key')
  .action(async (options) => (await import('./audit-proof.ts')).auditRotateKey(options))

const storage = program.command('storage').description('the database')
storage
  .command('migrate')
  .description('run the missing migrations; `serve` does this itself if its database role may')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./storage.ts')).storageMigrate(options))
storage
  .command('copy')
  .description('copy everything into another, empty database, and compare each row; stop the servers first')
  .requiredOption('--from <location>', 'sqlite: and a path, or postgres://…')
  .requiredOption('--to <location>', 'the location of an empty database')
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration with the settings for PostgreSQL')
  .action(async (options) => (await import('./storage.ts')).storageCopy(options))

storage
  .command('compact')
  .description('rewrite an SQLite database without its unused space; stop the servers first')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./storage.ts')).storageCompact(options))

program
  .command('backup')
  .description('copy the database, as it is at one moment, to a new file; servers may run')
  .requiredOption('--to <file>', 'the backup, a file that does not exist yet')
  .option(...JSON_OUTPUT)
  .option(...CONFIG)
  .action(async (options) => (await import('./backup.ts')).backup(options))
program
  .command('restore')
  .description('replace the database with a backup; stop the servers first')
  .requiredOption('--from <file>', 'the backup')
  .option('--replace', 'replace a database that has data; it is kept under another name')
  .option(...JSON_OUTPUT)
  .option('-c, --config <file>', 'the configuration that names the database and the master key')
  .option(...REASON)
  .action(async (options) => (await import('./backup.ts')).restore(options))

program
  .command('login <server>')
  .description('log in at a server, as a person with a browser, or as a client')
  .option('--profile <name>', 'the name under which the log-in is kept; by default, the host of the server')
  .option('--ca <file>', 'certificates to trust in addition to the default ones, PEM')
  .option('--client-id <id>', 'log in as this client')
  .option('--issuer <url>', 'with --client-id: the authorization server')
  .option('--secret-env <name>', 'with --client-id: the environment variable with the client secret')
  .option('--secret-file <file>', 'with --client-id: the file with the client secret')
  .option('--auth-method <method>', 'with --client-id: the registered name of the method')
  .option('--key <file>', 'with --client-id: the private key, PEM or JWK')
  .option('--alg <alg>', 'with --client-id: the algorithm of the key')
  .option('--kid <kid>', 'with --client-id: the key id in the assertion')
  .option('--cert <file>', 'with --client-id: the client certificate and its chain, PEM')
  .option('--assertion-file <file>', 'with --client-id: the token of a platform')
  .option(
    '--from <platform>',
    'with --client-id: get the token of the platform each time: github, gitlab or kubernetes',
  )
  .action(async (server, options) => (await import('./login.ts')).login(server, options))
program
  .command('logout')
  .description('end the session of a profile at its server, and delete the profile')
  .option('--profile <name>', 'the profile; by default, the current one')
  .action(async (options) => (await import('./login.ts')).logout(options))
program
  .command('whoami')
  .description('print as whom commands act on a server')
  .option('--profile <name>', 'the profile; by default, the current one')
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./login.ts')).whoami(options))

const profiles = program.command('profiles').description('the log-ins at servers')
profiles
  .command('list')
  .description('print the profiles, without their tokens')
  .option(...JSON_OUTPUT)
  .action(async (options) => (await import('./login.ts')).profilesList(options))
profiles
  .command('use <name>')
  .description('make a profile the current one')
  .action(async (name) => (await import('./login.ts')).profilesUse(name))
profiles
  .command('delete <name>')
  .description('delete a profile; its session at the server goes on until it expires')
  .action(async (name) => (await import('./login.ts')).profilesDelete(name))

const config = program.command('config').description('the configuration')
addConfigOptions(config.command('check').description('check whether `tessera serve` would start with it')).action(
  async (_options, command: Command) => (await import('./config.ts')).configCheck(command),
)
config
  .command('reference')
  .description('print every option, as Markdown')
  .action(async () => (await import('./config.ts')).configReference())

program
  .command('completion')
  .description('print the script that completes command lines in a shell')
  .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  .action(async (shell: string) => (await import('./completion.ts')).completion(program, shell))

program
  .command('help [command...]')
  .description('print the help of a command, such as credentials rotate')
  .action((words: string[]) => showHelp(program, words))

addSecretsOption(program)
addTargetOptions(program)
addOutputOptions(program)
addGlobalOptions(program)
addExamples(program)
explainMistakes(program)
refuseRepeatedOptions(program)
if (import.meta.main) program.parseAsync().catch((error: unknown) => fail(error, process.argv))
