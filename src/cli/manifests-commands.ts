import { Argument, type Command } from 'commander'
import { systems } from '../importers/systems.ts'
import {
  CONFIG,
  DETAILED,
  MANIFEST,
  MANIFEST_FILES,
  noManifest,
  noOwner,
  OWNER,
  PRUNE,
  REASON,
  TAKE_OVER,
} from './command-options.ts'
import { collect } from './repeated-options.ts'

/** Adds the commands on manifests. */
export function addManifests(program: Command): void {
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
    .description(
      'turn the export of another authorization server into a manifest, and report what becomes of each field',
    )
    .addArgument(new Argument('<system>', 'the system').choices(systems))
    .argument('<file>', 'its export, JSON; - reads standard input')
    .option('-o, --manifest <file>', 'the file for the manifest, which only you can read; by default, standard output')
    .option('--report <file>', 'the file for the report; by default, standard error')
    .option('--env-file <file>', 'a file for the secrets, which the manifest takes from the environment')
    .option('--with-secrets', 'put the secrets into the manifest')
    .option('--audience <uri>', 'the API of the scopes for which the export names none')
    .option('--json', 'print the report as JSON')
    .action(async (system, file, options) => (await import('./import.ts')).importExport(system, file, options))
}

/** Adds the command that writes a manifest. */
export function addExport(program: Command): void {
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
}
