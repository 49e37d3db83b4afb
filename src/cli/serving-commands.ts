import type { Command } from 'commander'
import { addConfigOptions } from './config-options.ts'

/** Adds the commands that run a server. */
export function addServing(program: Command): void {
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

  addConfigOptions(
    program
      .command('health')
      .description(
        'ask the server with this configuration, on this machine, whether it answers; the exit code is 0 or 1',
      )
      .option('--ready', 'ask whether it should get requests, as load balancers do'),
  ).action(async (_options, command: Command) => (await import('./health.ts')).health(command))
}
