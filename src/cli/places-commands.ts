import type { Command } from 'commander'
import { CONFIG, JSON_OUTPUT, REASON } from './command-options.ts'
import { addConfigOptions } from './config-options.ts'

/** Adds the commands on the database. */
export function addStorage(program: Command): void {
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
    .command('upgrade')
    .description(
      'with --check: print what a start of this version would do to the database; exits with 2 if it would change it',
    )
    .requiredOption('--check', 'only look, and write nothing: `serve` and `storage migrate` run migrations')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (options) => (await import('./upgrade.ts')).upgrade(options))
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
}

/** Adds the command on the servers that share a database. */
export function addNodes(program: Command): void {
  program
    .command('nodes')
    .description('the servers that share the database')
    .command('list')
    .description('print the servers, their versions and load, and why any of them should get no requests')
    .option(...JSON_OUTPUT)
    .option(...CONFIG)
    .action(async (options) => (await import('./nodes.ts')).nodesList(options))
}

/** Adds the commands that log in at servers. */
export function addProfiles(program: Command): void {
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
    .description('print as whom commands act on a server, and what they may do there')
    .option('--server <url>', 'the server, which must have been logged in to')
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
}

/** Adds the commands on the configuration. */
export function addConfig(program: Command): void {
  const config = program.command('config').description('the configuration')
  addConfigOptions(
    config
      .command('check')
      .description('check whether `tessera serve` would start with it, and the manifest that it names'),
  ).action(async (_options, command: Command) => (await import('./config.ts')).configCheck(command))
  config
    .command('reference')
    .description('print every option, as Markdown')
    .action(async () => (await import('./config.ts')).configReference())
}
