import { type Command, Option } from 'commander'
import { REASON } from './command-options.ts'

/** Adds the commands on the keys of the server. */
export function addKeys(program: Command): void {
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
}
