import { Draft } from '../importers/draft/draft.ts'
import { importers } from '../importers/importers.ts'
import { toManifest, type Variable } from '../importers/manifest.ts'
import { readJson } from '../importers/read-json.ts'
import { reportLines, reportOf } from '../importers/report.ts'
import type { System } from '../importers/systems.ts'
import { replacePrivateFile } from '../platform/private-files.ts'
import { standardOutput } from '../platform/standard-streams.ts'
import { fileFault } from '../platform/system-error.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { asYaml, isForPeople, type OutputOptions, textOf } from './format.ts'
import { print, printable, say } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

interface ImportOptions extends OutputOptions {
  readonly manifest?: string
  readonly report?: string
  readonly envFile?: string
  readonly withSecrets?: boolean
  readonly audience?: string
}

/** Bytes of an export: enough for some 20,000 clients. */
const LONGEST_EXPORT = 64 * 1024 * 1024

/** `tessera import`: turns the export of another authorization server into a manifest, and reports what becomes of each field. */
export async function importExport(
  system: System,
  file: string,
  { manifest: manifestFile, report: reportFile, envFile, withSecrets = false, audience, ...options }: ImportOptions,
): Promise<void> {
  if (withSecrets && envFile !== undefined) throw new UsageError('give --with-secrets or --env-file, not both')
  if (withSecrets && manifestFile === undefined && standardOutput.isTerminal)
    throw new UsageError('--with-secrets would show secrets on the terminal: give -o')
  const text = await readTextInput(file, LONGEST_EXPORT)
  const parsed = readJson(nameOfInput(file), text)
  const draft = new Draft()
  importers[system](parsed, draft, { audience })
  const { manifest, variables } = toManifest(draft, withSecrets)
  const report = reportOf(system, draft, manifest, variables)
  const shown = textOf(options, report) ?? reportLines(report).map(printable).join('\n')

  const yaml = asYaml(manifest)
  if (envFile !== undefined) write(envFile, environmentOf(variables))
  if (manifestFile === undefined) print(yaml)
  else write(manifestFile, `${yaml}\n`)
  if (reportFile === undefined) say(shown)
  else write(reportFile, `${shown}\n`)
  if (isForPeople(options) && variables.length > 0 && envFile === undefined && reportFile === undefined)
    say('\nThe secrets were not written: --env-file writes them to a file that only you can read.')
}

/** Lines for a shell, which takes everything between two ' as it stands. */
const environmentOf = (variables: readonly Variable[]): string =>
  variables.map(({ name, value }) => `${name}='${value.replaceAll("'", "'\\''")}'\n`).join('')

/** @throws UserError naming the file */
function write(file: string, text: string): void {
  try {
    replacePrivateFile(file, text)
  } catch (error) {
    throw new UserError(`${nameOfInput(file)} can't be written: ${fileFault(error)}`)
  }
}
