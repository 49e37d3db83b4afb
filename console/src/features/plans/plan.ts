import { api, becauseOf, read } from '../../api/client.ts'
import type { Answer } from '../../api/types.ts'

export type Plan = Answer<'plans.create'>
export type Applied = Answer<'plans.apply'>
export type Step = Plan['steps'][number]
export type Loss = Plan['losses'][number]

export interface File {
  readonly name: string
  readonly content: string
}

/** The manifest and the options of a plan. An application repeats them. */
export interface Given {
  readonly files: readonly File[]
  readonly prune: boolean
  readonly takeOver: boolean
}

/** The consents of a person, and the secrets that the manifest names. */
export interface Consents {
  readonly destroys: boolean
  readonly ignoresTests: boolean
  readonly reason: string
  readonly secrets: Readonly<Record<string, string>>
}

/** The most characters that the API takes. */
export const LONGEST = 1_000_000

const bodyOf = ({ files, prune, takeOver }: Given) => ({ manifest: [...files], prune, take_over: takeOver })

export const makePlan = (given: Given): Promise<Plan> => read(api.POST('/api/v1/plans', { body: bodyOf(given) }))

export const applyPlan = (given: Given, plan: string, { destroys, ignoresTests, reason, secrets }: Consents) =>
  read(
    api.POST('/api/v1/plans/{plan}/apply', {
      params: { path: { plan } },
      headers: becauseOf(reason),
      body: { ...bodyOf(given), secrets, allow_destroy: destroys, ignore_tests: ignoresTests },
    }),
  )

/** The secrets that the texts name in their fields `secret_env` and `secret_file`, by `env:NAME` or `file:path`. */
export function secretsNamed(files: readonly File[]): readonly string[] {
  const named = files.flatMap(({ content }) =>
    [...content.matchAll(/\bsecret_(env|file)["']?\s*:\s*["']?([^\s,"'}#]+)/g)].map(
      ([, kind, name]) => `${kind}:${name}`,
    ),
  )
  return [...new Set(named)]
}
