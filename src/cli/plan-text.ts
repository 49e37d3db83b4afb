import { z } from 'zod'
import type { Plan } from '../management/manifest/plan.ts'
import { planBody } from '../management/manifest/plan-body.ts'
import { counted } from './effects.ts'
import { printable } from './output.ts'
import type { NewSecret } from './secrets/secret.ts'
import { testLines, testSummary, testsAnswer } from './tests-text.ts'

/** The exit code of a command that was asked whether files and server are equal, if they are not. */
export const DIFFERENT = 2

const lastUsed = { last_used: z.string().nullable() }
const isDestructive = { destructive: z.boolean() }
/** The clients that lose something. Older servers tell less of an API. */
const users = {
  clients: z.int().optional(),
  examples: z.array(z.string()).optional(),
  last_used: z.string().nullable().optional(),
}
const owners = { before: z.string(), after: z.string().nullable() }

const loss = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('credential'),
    client_id: z.string(),
    credential: z.string(),
    label: z.string(),
    ends: z.string(),
    ...lastUsed,
    ...isDestructive,
  }),
  z.looseObject({
    kind: z.literal('scope'),
    audience: z.string(),
    scope: z.string(),
    ...users,
    client_id: z.string().optional(),
    ...isDestructive,
  }),
  z.looseObject({ kind: z.literal('enabled'), client_id: z.string(), ...isDestructive }),
  z.looseObject({ kind: z.literal('client'), client_id: z.string(), ...lastUsed, ...isDestructive }),
  z.looseObject({ kind: z.literal('api'), audience: z.string(), ...users, ...isDestructive }),
  z.looseObject({
    kind: z.literal('owner'),
    client_id: z.string().optional(),
    audience: z.string().optional(),
    ...owners,
    ...isDestructive,
  }),
])

const step = z.looseObject({
  action: z.enum(['create', 'update', 'rename', 'delete', 'unchanged']),
  kind: z.string(),
  id: z.string(),
  from: z.string().optional(),
  changes: z.array(z.looseObject({ field: z.string(), before: z.unknown(), after: z.unknown() })),
})

/** A plan in the answers of the admin API. */
export const planAnswer = z.looseObject({
  steps: z.array(step),
  losses: z.array(loss),
  conflicts: z.array(z.string()),
  tests: testsAnswer,
  warnings: z.array(z.string()),
  generates: z.array(z.looseObject({ client_id: z.string(), label: z.string() })),
  secrets: z
    .array(z.looseObject({ client_id: z.string(), label: z.string(), secret: z.string().optional() }))
    .default([]),
})

export type ShownPlan = z.output<typeof planAnswer>

/** A plan as the admin API would answer it, with its generated secrets. */
export const shownPlan = (plan: Plan): ShownPlan =>
  planAnswer.parse({
    ...planBody(plan),
    secrets: plan.generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret })),
  })

const SIGNS = { create: '+', update: '~', rename: '>', delete: '-', unchanged: '=' } as const

/** The steps of a plan that change something, with each field, and then the losses and conflicts. */
export const planLines = ({ steps, losses, conflicts, tests }: ShownPlan): readonly string[] => [
  ...steps.filter(({ action }) => action !== 'unchanged').flatMap(stepLines),
  ...losses.map((loss) => printable(lossLine(loss))),
  ...conflicts.map((conflict) => `x ${printable(conflict)}`),
  ...testLines(tests),
]

function stepLines({ action, kind, id, from, changes }: z.output<typeof step>): readonly string[] {
  const renamed = from === undefined ? '' : ` (was ${from})`
  const fields = changes.length === 0 ? '' : `: ${changes.map(({ field }) => field).join(', ')}`
  return [
    printable(`${SIGNS[action]} ${kind} ${id}${renamed}${fields}`),
    ...changes.map(({ field, before, after }) => printable(`    ${field}: ${valueText(before)} → ${valueText(after)}`)),
  ]
}

const valueText = (value: unknown): string => (value === null || value === undefined ? 'none' : JSON.stringify(value))

/** The generated secrets of a plan, unless they were taken out of it. */
export const secretsOfPlan = ({ secrets }: ShownPlan): readonly NewSecret[] =>
  secrets.flatMap(({ client_id, label, secret }) => (secret === undefined ? [] : [{ client_id, label, secret }]))

/** The generated secrets, one line each: client, label, secret. */
export const secretLines = (plan: ShownPlan): readonly string[] =>
  secretsOfPlan(plan).map(
    ({ client_id: client = '', label = '', secret }) => `${printable(client)}\t${printable(label)}\t${secret}`,
  )

function lossLine(loss: ShownPlan['losses'][number]): string {
  switch (loss.kind) {
    case 'credential': {
      const { credential, client_id: client, label, ends, last_used: last } = loss
      return `- credential ${label || credential} of ${client}: ends ${ends} (${used(last)})`
    }
    case 'scope': {
      const { audience, scope, clients = 0, client_id: client } = loss
      return `- scope ${scope} at ${audience}: ${client ?? counted(clients, 'client')} can't have it any more${some(loss)}`
    }
    case 'client':
      return `- client ${loss.client_id}: ends with its credentials and tokens (${used(loss.last_used)})`
    case 'api': {
      const { audience, clients = 0 } = loss
      const still =
        clients === 0 ? '' : `; ${counted(clients, 'client')} outside of the files would lose it${some(loss)}`
      return `- api ${audience}: ends with its tokens${still}`
    }
    case 'enabled':
      return `- client ${loss.client_id}: is disabled, and introspection reports its tokens as inactive, for good`
    case 'owner': {
      const { client_id: client, audience, before, after } = loss
      const thing = client === undefined ? `api ${audience}` : `client ${client}`
      return `! ${thing}: passes from ${JSON.stringify(before)} to ${after === null ? 'nobody' : JSON.stringify(after)}`
    }
  }
}

/** The first of the clients that lose something. */
function some({ clients = 0, examples = [], last_used: last = null }: z.output<z.ZodObject<typeof users>>): string {
  if (examples.length === 0) return ''
  return ` (${examples.join(', ')}${clients > examples.length ? ', …' : ''}; ${used(last)})`
}

const used = (last: string | null): string => (last === null ? 'never used' : `last used ${last}`)

/** The numbers of steps, and of the losses that need consent. */
export function summaryLine({ steps, losses, tests }: ShownPlan, dryRun: boolean): string {
  const count = (action: string) => steps.filter((one) => one.action === action).length
  const rare = (['rename', 'delete'] as const).filter((action) => count(action) > 0)
  const counts = (['create', 'update', ...rare, 'unchanged'] as const).map((action) =>
    action === 'unchanged'
      ? `${count(action)} unchanged`
      : `${count(action)} ${dryRun ? `to ${action}` : `${action}d`}`,
  )
  const destroyed = losses.filter(({ destructive }) => destructive).length
  const ends = destroyed === 0 ? '' : `, ${destroyed} ${destroyed === 1 ? 'loss' : 'losses'}`
  const tested = tests.length === 0 ? '' : `, ${testSummary(tests)}`
  return `${counts.join(', ')}${ends}${tested}${dryRun ? '; nothing was written' : ''}`
}

export const planAsJson = ({ steps, losses, conflicts, tests, warnings, secrets }: ShownPlan, dryRun: boolean) => ({
  dry_run: dryRun,
  steps,
  losses,
  conflicts,
  tests,
  warnings,
  generated: dryRun ? [] : secrets,
})
