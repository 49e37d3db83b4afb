import { z } from 'zod'
import { applyManifest } from '../management/manifest/apply.ts'
import { secretsHere } from '../management/manifest/files/secrets.ts'
import { type ManifestFile, type ParsedManifest, parseManifests } from '../management/manifest/reading/parse.ts'
import { PlanRefused } from '../management/manifest/refused.ts'
import { managementContext, serverOf, withDatabase } from './database.ts'
import { isForPeople, type OutputOptions, show, textOf } from './format.ts'
import { readManifestFiles } from './manifest-files.ts'
import { nothingChanged, withNewSecrets } from './new-secrets.ts'
import { withTarget } from './operate.ts'
import { print, printable, say, withProgress } from './output.ts'
import { asRequest } from './plan-request.ts'
import {
  DIFFERENT,
  planAnswer,
  planAsJson,
  planLines,
  type ShownPlan,
  secretLines,
  secretsOfPlan,
  shownPlan,
  summaryLine,
} from './plan-text.ts'
import { Profiles } from './remote/profiles.ts'
import { withoutSecrets } from './secrets/lost.ts'
import type { SecretsOptions } from './secrets/option.ts'
import { OR_A_SERVER } from './settings.ts'
import { chooseTarget, type TargetOptions } from './target.ts'

interface PlanCommandOptions extends OutputOptions, TargetOptions {
  /** The path of the manifest, or of each of its files and folders. */
  readonly file: string | readonly string[]
  readonly prune?: true
  readonly takeOver?: true
  readonly detailedExitcode?: true
}

interface ApplyCommandOptions extends PlanCommandOptions, SecretsOptions {
  readonly allowDestroy?: true
  readonly ignoreTests?: true
  readonly dryRun?: boolean
}

/** `tessera plan`: shows what a manifest would change and end. It writes nothing. */
export const plan = (options: PlanCommandOptions): Promise<void> => apply({ ...options, dryRun: true })

/** `tessera apply`: makes the model match a manifest. */
export async function apply({ file, secretsTo, ...options }: ApplyCommandOptions): Promise<void> {
  const files = await readManifestFiles([file].flat())
  const chosen = chooseTarget(options, process.env, new Profiles(process.env))
  const work: Work = {
    files,
    parsed: parseManifests(files),
    // A dry run makes no secret, so it opens no place for one.
    options: { ...options, secretsTo: options.dryRun ? undefined : secretsTo },
  }
  const done = await (chosen.kind === 'database' ? applyHere(work, chosen.config) : applyRemotely(work))
  if (options.detailedExitcode && done.steps.some(({ action }) => action !== 'unchanged')) process.exitCode = DIFFERENT
}

/** The files of one command, and its options. */
interface Work {
  readonly files: readonly ManifestFile[]
  readonly parsed: ParsedManifest
  readonly options: Omit<ApplyCommandOptions, 'file'>
}

const applyHere = ({ files, parsed, options }: Work, config: string | undefined): Promise<ShownPlan> =>
  withNewSecrets(options.secretsTo, (secrets) =>
    withDatabase(
      config,
      async (opened) => {
        const { reason, dryRun = false, prune, takeOver, allowDestroy, ignoreTests } = options
        let isShown = false
        const planned = await withProgress((state) => {
          state('comparing the manifest with the database')
          const context = managementContext(opened, { reason, manifest: files.map(({ content }) => content) })
          return applyManifest(context, {
            parsed,
            source: secretsHere(process.env),
            server: serverOf(opened),
            dryRun,
            ...(prune && { prune }),
            ...(takeOver && { takeOver }),
            ...(allowDestroy && { allowDestroy }),
            ...(ignoreTests && { ignoreTests }),
            show: (made) => {
              state('')
              const shown = shownPlan(made)
              const text = (isOpen: boolean) => textOfPlan(isOpen ? shown : planWithout(shown), options, [])
              secrets.reveal({ secrets: secretsOfPlan(shown), text, lost: nothingChanged })
              isShown = true
            },
          })
        }).catch((error: unknown) => {
          if (error instanceof PlanRefused) report(shownPlan(error.plan), { ...options, dryRun: true }, false)
          throw error
        })
        const shown = shownPlan(planned)
        report(shown, options, isShown)
        if (isShown && isForPeople(options)) print(summaryLine(shown, dryRun))
        return shown
      },
      OR_A_SERVER,
    ),
  )

/** A server plans first, and then applies the plan if it still does the same. */
async function applyRemotely({ files, parsed, options }: Work): Promise<ShownPlan> {
  const { dryRun, prune = false, takeOver = false, allowDestroy = false, ignoreTests = false } = options
  const body = { ...asRequest(files, parsed, secretsHere(process.env)), prune, take_over: takeOver }
  return withTarget(options, async (target) => {
    const planned = await target.call('plans.create', { body }, planAnswer.extend({ id: z.string() }))
    if (dryRun) {
      report(planned, options, false)
      return planned
    }
    const isFailing = !ignoreTests && planned.tests.some(({ passed }) => !passed)
    const isRefused =
      isFailing || planned.conflicts.length > 0 || (!allowDestroy && planned.losses.some((one) => one.destructive))
    if (isRefused) report(planned, { ...options, dryRun: true }, false)
    const input = {
      path: { plan: planned.id },
      body: { ...body, allow_destroy: allowDestroy, ignore_tests: ignoreTests },
    }
    const asText = (applied: ShownPlan) => textOfPlan(applied, options, [summaryLine(applied, false)])
    const making = { expected: planned.generates, secretsOf: secretsOfPlan, asText }
    report(await target.make('plans.apply', input, planAnswer, making), options, true)
    return planned
  })
}

const planWithout = (plan: ShownPlan): ShownPlan => planAnswer.parse(withoutSecrets(plan))

/** An applied plan in the form that was asked for, with its secrets. @param end further lines for people */
function textOfPlan(shown: ShownPlan, options: OutputOptions, end: readonly string[]): string {
  if (isForPeople(options) && secretsOfPlan(shown).length > 0)
    say('Secrets were generated. They follow the plan, and are shown only once:')
  const lines = [...planLines(shown), ...secretLines(shown), ...end]
  return textOf(options, planAsJson(shown, false)) ?? lines.join('\n')
}

/** @param isShown whether the plan was already shown, with new secrets */
function report(shown: ShownPlan, { dryRun = false, ...options }: Work['options'], isShown: boolean): void {
  const forPeople = () => {
    for (const line of [...planLines(shown), summaryLine(shown, dryRun)]) print(line)
  }
  if (!isShown) show(options, { data: planAsJson(shown, dryRun), forPeople })
  if (isForPeople(options)) for (const warning of shown.warnings) say(`warning: ${printable(warning)}`)
}
