import { z } from 'zod'
import { applyManifest } from '../management/manifest/apply.ts'
import { type ManifestFile, parseManifests } from '../management/manifest/reading/parse.ts'
import { UsageError } from '../platform/user-error.ts'
import { managementContext, withDatabase } from './database.ts'
import { isForPeople, type OutputOptions, show, textOf } from './format.ts'
import { nothingChanged, withNewSecrets } from './new-secrets.ts'
import { withTarget } from './operate.ts'
import { print, printable, say, withProgress } from './output.ts'
import {
  planAnswer,
  planAsJson,
  planLines,
  type ShownPlan,
  secretLines,
  secretsOfPlan,
  shownPlan,
  summaryLine,
} from './plan-text.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { Profiles } from './remote/profiles.ts'
import { remoteManifest } from './remote-manifest.ts'
import { withoutSecrets } from './secrets/lost.ts'
import type { SecretsOptions } from './secrets/option.ts'
import { OR_A_SERVER } from './settings.ts'
import { chooseTarget, type TargetOptions } from './target.ts'

interface ApplyCommandOptions extends OutputOptions, TargetOptions, SecretsOptions {
  /** The path of the manifest, or of each of its files. */
  readonly file: string | readonly string[]
  readonly dryRun?: boolean
}

/** Bytes of a file: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024

/** `tessera apply`: makes the model match a manifest. */
export async function apply({ file, dryRun = false, secretsTo, ...rest }: ApplyCommandOptions): Promise<void> {
  // A dry run makes no secret, so it opens no place for one.
  const options: Shape['options'] = { ...rest, secretsTo: dryRun ? undefined : secretsTo }
  const names = [file].flat()
  if (names.filter((name) => name === '-').length > 1)
    throw new UsageError('-f - is given twice: standard input can be read only once')
  const files: ManifestFile[] = []
  for (const name of names) {
    files.push({ name: nameOfInput(name), content: await readTextInput(name, LONGEST_MANIFEST) })
  }
  const parsed = parseManifests(files)
  const chosen = chooseTarget(options, process.env, new Profiles(process.env))
  if (chosen.kind !== 'database') return applyRemotely(remoteManifest(files, process.env), { dryRun, options })
  const { reason } = options
  const manifest = files.map(({ content }) => content)
  await withNewSecrets(options.secretsTo, (secrets) =>
    withDatabase(
      chosen.config,
      async (opened) => {
        let isShown = false
        const plan = await withProgress((state) => {
          state('comparing the manifest with the database')
          return applyManifest(managementContext(opened, { reason, manifest }), {
            parsed,
            env: process.env,
            dryRun,
            show: (planned) => {
              state('')
              const shown = shownPlan(planned)
              const text = (isOpen: boolean) => textOfPlan(isOpen ? shown : planWithout(shown), options, [])
              secrets.reveal({ secrets: secretsOfPlan(shown), text, lost: nothingChanged })
              isShown = true
            },
          })
        })
        report(shownPlan(plan), { dryRun, options, isShown })
        if (isShown && isForPeople(options)) print(summaryLine(shownPlan(plan), dryRun))
      },
      OR_A_SERVER,
    ),
  )
}

interface Shape {
  readonly dryRun: boolean
  readonly options: OutputOptions & TargetOptions & SecretsOptions
}

/** A server plans first, and then applies the plan if nothing has changed since. */
const applyRemotely = (manifest: string, { dryRun, options }: Shape): Promise<void> =>
  withTarget(options, async (target) => {
    const body = { manifest }
    const planned = await target.call('plans.create', { body }, planAnswer.extend({ id: z.string() }))
    if (dryRun) return report(planned, { dryRun, options, isShown: false })
    const input = { path: { plan: planned.id }, body }
    const asText = (applied: ShownPlan) => textOfPlan(applied, options, [summaryLine(applied, dryRun)])
    const making = { expected: planned.generates, secretsOf: secretsOfPlan, asText }
    const applied = await target.make('plans.apply', input, planAnswer, making)
    report(applied, { dryRun, options, isShown: true })
  })

const planWithout = (plan: ShownPlan): ShownPlan => planAnswer.parse(withoutSecrets(plan))

/** An applied plan in the form that was asked for, with its secrets. @param end further lines for people */
function textOfPlan(plan: ShownPlan, options: OutputOptions, end: readonly string[]): string {
  if (isForPeople(options) && secretsOfPlan(plan).length > 0)
    say('These secrets were generated. They are shown only once:')
  const lines = [...planLines(plan), ...secretLines(plan), ...end]
  return textOf(options, planAsJson(plan, false)) ?? lines.join('\n')
}

/** @param isShown whether the plan was already shown, with new secrets */
function report(plan: ShownPlan, { dryRun, options, isShown }: Shape & { readonly isShown: boolean }): void {
  const forPeople = () => {
    for (const line of [...planLines(plan), summaryLine(plan, dryRun)]) print(line)
  }
  if (!isShown) show(options, { data: planAsJson(plan, dryRun), forPeople })
  if (isForPeople(options)) for (const warning of plan.warnings) say(`warning: ${printable(warning)}`)
}
