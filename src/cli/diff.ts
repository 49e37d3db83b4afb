import { applyManifest } from '../management/manifest/apply.ts'
import { secretsHere } from '../management/manifest/files/secrets.ts'
import { type ParsedManifest, parseManifests } from '../management/manifest/reading/parse.ts'
import { managementContext, serverOf, withDatabase } from './database.ts'
import { type OutputOptions, show } from './format.ts'
import { readManifestFiles } from './manifest-files.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { asRequest } from './plan-request.ts'
import { DIFFERENT, planAnswer, type ShownPlan, shownPlan } from './plan-text.ts'
import { Profiles } from './remote/profiles.ts'
import { OR_A_SERVER } from './settings.ts'
import { chooseTarget, type TargetOptions } from './target.ts'

interface DiffOptions extends OutputOptions, TargetOptions {
  /** The path of the manifest, or of each of its files and folders. */
  readonly file: string | readonly string[]
}

/** A client or an API that is not the same on the server and in the files. */
interface Difference {
  readonly kind: string
  /** Its id in the files, if it is there. */
  readonly id: string
  /** Its id on the server, if the files rename it. */
  readonly from?: string
  /** The only place that has it; undefined if both do. */
  readonly only?: 'files' | 'server'
  readonly fields: readonly { readonly field: string; readonly server: unknown; readonly files: unknown }[]
}

/** `tessera diff`: compares a manifest with a database or a server, field by field. It changes nothing. */
export async function diff({ file, ...options }: DiffOptions): Promise<void> {
  const plan = await comparisonOf([file].flat(), options)
  const differences = plan.steps.flatMap(differenceOf)
  const equal = plan.steps.length - differences.length
  const data = { equal: differences.length === 0, differences, warnings: plan.warnings }
  show(options, {
    data,
    forPeople: () => {
      if (differences.length > 0) for (const line of ['--- server', '+++ files']) print(line)
      for (const line of differences.flatMap(linesOf)) print(printable(line))
      print(summaryOf(differences, equal))
      for (const warning of plan.warnings) say(`warning: ${printable(warning)}`)
    },
  })
  if (differences.length > 0) process.exitCode = DIFFERENT
}

/** Whether the files own anything on the server: without a name, nothing there is theirs. */
const isNamed = ({ manifest }: ParsedManifest): boolean => manifest.names.length > 0

/** The plan that would make the server as the files say, with the deletion of everything that they no longer name. */
async function comparisonOf(names: readonly string[], options: TargetOptions): Promise<ShownPlan> {
  const files = await readManifestFiles(names)
  const parsed = parseManifests(files)
  const source = secretsHere(process.env)
  const chosen = chooseTarget(options, process.env, new Profiles(process.env))
  if (chosen.kind === 'database')
    return withDatabase(
      chosen.config,
      async (opened) =>
        shownPlan(
          await applyManifest(managementContext(opened), {
            parsed,
            source,
            server: serverOf(opened),
            dryRun: true,
            prune: isNamed(parsed),
          }),
        ),
      OR_A_SERVER,
    )
  const body = { ...asRequest(files, parsed, source), prune: isNamed(parsed) }
  return withTarget(options, (target) => target.call('plans.create', { body }, planAnswer))
}

function differenceOf({ action, kind, id, from, changes }: ShownPlan['steps'][number]): readonly Difference[] {
  if (action === 'unchanged') return []
  const fields = changes.map(({ field, before, after }) => ({ field, server: before, files: after }))
  if (action === 'create') return [{ kind, id, only: 'files', fields }]
  if (action === 'delete') return [{ kind, id, only: 'server', fields }]
  return [{ kind, id, ...(from !== undefined && { from }), fields }]
}

function linesOf({ kind, id, from, only, fields }: Difference): readonly string[] {
  if (only !== undefined) return [`${only === 'files' ? '+' : '-'} ${kind} ${id}`]
  const side = (sign: string, field: string, value: unknown) =>
    value === null || value === undefined ? [] : [`  ${sign} ${field}: ${JSON.stringify(value)}`]
  return [
    `~ ${kind} ${id}${from === undefined ? '' : ` (${from} on the server)`}`,
    ...fields.flatMap(({ field, server, files }) => [...side('-', field, server), ...side('+', field, files)]),
  ]
}

function summaryOf(differences: readonly Difference[], equal: number): string {
  const count = (only: Difference['only']) => differences.filter((one) => one.only === only).length
  return `${count(undefined)} different, ${count('files')} only in the files, ${count('server')} only on the server, ${equal} equal`
}
