import { type Command, Option } from 'commander'
import { addConfigOptions } from './config-options.ts'
import { WRONG } from './dev/wrong.ts'
import { collect } from './repeated-options.ts'

/** Adds the options that say whose tokens and keys these are, as `tessera dev` has them. */
const addFolder = (command: Command): Command =>
  command
    .option('-c, --config <file>', 'the configuration of `tessera dev`')
    .option('--data <folder>', 'the data folder of `tessera dev`, which is made if there is none')
    .option('--issuer <url>', 'the issuer; by default, that of `tessera dev`')
    .option('--manifest <files>', 'files of a manifest to apply first')

/** Adds the commands that run a server. */
export function addServing(program: Command): void {
  const dev = addConfigOptions(
    program
      .command('dev')
      .description('run a server for development: sample data, a certificate for localhost, everything in one folder'),
  )
    .enablePositionalOptions()
    .action(async (_options, command: Command) => (await import('./dev.ts')).dev(command))
  addFolder(dev.command('mint'))
    .description('print a token signed with a key of development, for the tests of an API; no server need run')
    .requiredOption('--client <id>', 'the client')
    .requiredOption('--audience <uri>', 'the API')
    .option('--scope <scope>', 'the scopes, separated by spaces; by default, those that the client has unasked')
    .option('--claim <name=value>', 'another claim, whose value may be JSON; may be repeated', collect)
    .option('--lifetime <duration>', 'how long it is valid, such as 10m; by default, as long as the server says')
    .addOption(new Option('--wrong <part>', 'make a token that every API must refuse').choices(WRONG))
    .action(async (options, command: Command) => (await import('./dev-mint.ts')).devMint(options, command))
  addFolder(dev.command('jwks'))
    .description('print the key set that verifies tokens of development')
    .action(async (options, command: Command) => (await import('./dev-mint.ts')).devJwks(options, command))

  addConfigOptions(program.command('serve').description('run the server'))
    .addHelpText(
      'after',
      '\nWithout --config, TESSERA_CONFIG names the file. Without both, the file is /etc/tessera/tessera.yaml if it exists.',
    )
    .action(async (_options, command: Command) => (await import('./serve.ts')).serve(command))

  addConfigOptions(
    program
      .command('health')
      .description(
        'ask the server with this configuration, on this machine, whether it answers; the exit code is 0 or 1',
      )
      .option('--ready', 'ask whether it should get requests, as load balancers do'),
  ).action(async (_options, command: Command) => (await import('./health.ts')).health(command))
}
