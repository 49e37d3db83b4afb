import type { Command } from 'commander'
import { CONFIG, JSON_OUTPUT, REASON } from './command-options.ts'
import { collect } from './repeated-options.ts'

/** Adds the commands on the people who administer. */
export function addAdmin(program: Command): void {
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
}

/** Adds the commands on the audit log. */
export function addAudit(program: Command): void {
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
}
