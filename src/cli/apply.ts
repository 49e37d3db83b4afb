import { applyManifest } from '../management/manifest/apply.ts'
import { type ManifestFile, parseManifests } from '../management/manifest/parse.ts'
import type { Plan } from '../management/manifest/plan.ts'
import { UserError } from '../platform/user-error.ts'
import { managementContext, withDatabase } from './database.ts'
import { withNewSecrets } from './new-secrets.ts'
import { print, printable, say } from './output.ts'
import { planAsJson, planLines, secretLines } from './plan-text.ts'
import { nameOfInput, readTextInput } from './read-input.ts'

interface ApplyCommandOptions {
  /** The path of the manifest, or of each of its files. */
  readonly file: string | readonly string[]
  readonly dryRun?: boolean
  readonly json?: true
  readonly reason?: string
  readonly config?: string
}

/** Bytes of a file: enough for some 100,000 clients. */
const LONGEST_MANIFEST = 64 * 1024 * 1024

/** `tessera apply`: makes the model match a manifest. */
export async function apply({ file, dryRun = false, json, reason, config }: ApplyCommandOptions): Promise<void> {
  const names = [file].flat()
  if (names.filter((name) => name === '-').length > 1)
    throw new UserError('-f - is given twice: standard input can be read only once')
  const files: ManifestFile[] = []
  for (const name of names) {
    files.push({ name: nameOfInput(name), content: await readTextInput(name, LONGEST_MANIFEST) })
  }
  const parsed = parseManifests(files)
  const manifest = files.map(({ content }) => content)
  await withNewSecrets((show) =>
    withDatabase(config, async (opened) => {
      const plan = await applyManifest(managementContext(opened, { reason, manifest }), {
        parsed,
        env: process.env,
        dryRun,
        show: (shown) => {
          if (!json) say('These secrets were generated. They are shown only once:')
          show(json ? planAsJson(shown, dryRun) : [...planLines(shown), ...secretLines(shown)].join('\n'))
        },
      })
      const isShown = !dryRun && plan.generated.length > 0
      if (!json) report(plan, dryRun, isShown)
      else if (!isShown) print(planAsJson(plan, dryRun))
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
