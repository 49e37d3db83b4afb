import { type Command, Option } from 'commander'
import { apiSorts } from '../management/apis/list.ts'
import { clientSorts } from '../model/fleet/filters.ts'
import {
  CONFIG,
  JSON_OUTPUT,
  MANIFEST,
  noManifest,
  noOwner,
  OWNER,
  REASON,
  REVERSE,
  TAKE_OVER,
  UNUSED,
  YES,
} from './command-options.ts'

/** Adds the commands on clients. */
export function addClients(program: Command): void {
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
}

/** Adds the commands on APIs. */
export function addApis(program: Command): void {
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
    .option(
      '--with-grants',
      'take it out of the clients that refer to it; without this, they keep it from being deleted',
    )
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
}

/** Adds the commands on groups. */
export function addGroups(program: Command): void {
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
    .requiredOption(
      '-f, --file <file>',
      'the description and the members, each with kind, id and permissions, YAML or JSON; - reads standard input',
    )
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
}

/** Adds the commands on revocations. */
export function addRevocations(program: Command): void {
  const revocations = program.command('revocations').description('the tokens that are revoked')
  revocations
    .command('list')
    .description('print the revocations that still matter, oldest first')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (options) => (await import('./revocations.ts')).revocationsList(options))
}
