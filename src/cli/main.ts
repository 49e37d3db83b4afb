#!/usr/bin/env node
import { Argument, Command } from 'commander'
import { keepCompiledCode } from '../platform/compile-cache.ts'
import { version } from '../platform/version.ts'
import { addAdmin, addAudit } from './administration-commands.ts'
import { addAnswers, addFederate } from './answers-commands.ts'
import { addCredentials } from './credentials-commands.ts'
import { addExamples } from './examples.ts'
import { fail } from './fail.ts'
import { addGlobalOptions, addOutputOptions, addTargetOptions } from './global-options.ts'
import { showHelp } from './help.ts'
import { addKeys } from './keys-commands.ts'
import { addExport, addManifests } from './manifests-commands.ts'
import { explainMistakes } from './mistakes.ts'
import { addApis, addClients, addGroups, addRevocations } from './model-commands.ts'
import { addConfig, addNodes, addProfiles, addStorage } from './places-commands.ts'
import { refuseRepeatedOptions } from './repeated-options.ts'
import { addSecretsOption } from './secrets/option.ts'
import { addServing } from './serving-commands.ts'
import { addTokens } from './tokens-commands.ts'

keepCompiledCode()

/** Exported so that tests can run it within their own process. */
export const program = new Command('tessera')
  .description('An OAuth 2.0 authorization server for machines.')
  .version(version)
  .helpCommand(false)

// The help lists the commands in this order.
for (const add of [
  addServing,
  addManifests,
  addTokens,
  addKeys,
  addExport,
  addClients,
  addApis,
  addGroups,
  addRevocations,
  addCredentials,
  addAnswers,
  addFederate,
  addAdmin,
  addAudit,
  addStorage,
  addNodes,
  addProfiles,
  addConfig,
])
  add(program)

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

/** Runs the command that the arguments of this process name. The command of the published package calls it. */
export const run = (): Promise<unknown> => program.parseAsync().catch((error: unknown) => fail(error, process.argv))

if (import.meta.main) run()
