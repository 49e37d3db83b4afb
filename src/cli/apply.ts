import { applyManifest } from '../management/manifest/apply.ts'
import { type ManifestFile, parseManifests } from '../management/manifest/parse.ts'
import type { Plan } from '../management/manifest/plan.ts'
import { UsageError } from '../platform/user-error.ts'
import { managementContext, withDatabase } from './database.ts'
import { isForPeople, type OutputOptions, show, textOf } from './format.ts'
import { withNewSecrets } from './new-secrets.ts'
import { print, printable, say, withProgress } from './output.ts'
import { planAsJson, planLines, secretLines } from './plan-text.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

interface ApplyCommandOptions extends OutputOptions {
  /** The path of the manifest, or of each of its files. */
  readonly file: string | readonly string[]
  readonly dryRun?: boolean
  readonly reason?: string
  readonly config?: string
}

/** Bytes of a file: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024

/** `tessera apply`: makes the model match a manifest. */
export async function apply({ file, dryRun = false, reason, config, ...output }: ApplyCommandOptions): Promise<void> {
  const names = [file].flat()
  if (names.filter((name) => name === '-').length > 1)
    throw new UsageError('-f - is given twice: standard input can be read only once')
  const files: ManifestFile[] = []
  for (const name of names) {
    files.push({ name: nameOfInput(name), content: await readTextInput(name, LONGEST_MANIFEST) })
  }
  const parsed = parseManifests(files)
  const manifest = files.map(({ content }) => content)
  await withNewSecrets((reveal) =>
    withDatabase(config, async (opened) => {
      const plan = await withProgress((state) => {
        state('comparing the manifest with the database')
        return applyManifest(managementContext(opened, { reason, manifest }), {
          parsed,
          env: process.env,
          dryRun,
          show: (shown) => {
            state('')
            if (isForPeople(output)) say('These secrets were generated. They are shown only once:')
            const lines = [...planLines(shown), ...secretLines(shown)]
            reveal(textOf(output, planAsJson(shown, dryRun)) ?? lines.join('\n'))
          },
        })
      })
      const isShown = !dryRun && plan.generated.length > 0
      const forPeople = () => report(plan, dryRun, isShown)
      if (!isShown || isForPeople(output)) show(output, { data: planAsJson(plan, dryRun), forPeople })
    }),
  )
}

/** @param isShown whether the steps were already shown, with new secrets */
function report(plan: Plan, dryRun: boolean, isShown: boolean): void {
  if (!isShown) for (const line of planLines(plan)) print(line)
  const count = (action: string) => plan.steps.filter((step) => step.action === action).length
  const summary = `${count('create')} to create, ${count('update')} to update, ${count('unchanged')} unchanged`
  print(dryRun ? `${summary}; nothing was written` : summary.replaceAll(/ to (create|update)/g, ' $1d'))
  for (const warning of plan.warnings) say(`warning: ${printable(warning)}`)
}
