import { z } from 'zod'
import type { Plan } from '../management/manifest/plan.ts'
import { planBody } from '../management/manifest/plan-body.ts'
import { printable } from './output.ts'
import type { NewSecret } from './secrets/secret.ts'

const loss = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('credential'),
    client_id: z.string(),
    credential: z.string(),
    label: z.string(),
    ends: z.string(),
    last_used: z.string().nullable(),
  }),
  z.looseObject({
    kind: z.literal('scope'),
    audience: z.string(),
    scope: z.string(),
    clients: z.int().optional(),
    client_id: z.string().optional(),
  }),
  z.looseObject({ kind: z.literal('enabled'), client_id: z.string() }),
  z.looseObject({
    kind: z.literal('owner'),
    client_id: z.string().optional(),
    audience: z.string().optional(),
    before: z.string(),
    after: z.string().nullable(),
  }),
])

/** A plan in the answers of the admin API. */
export const planAnswer = z.looseObject({
  steps: z.array(
    z.looseObject({
      action: z.enum(['create', 'update', 'unchanged']),
      kind: z.string(),
      id: z.string(),
      fields: z.array(z.string()),
    }),
  ),
  losses: z.array(loss),
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

const SIGNS = { create: '+', update: '~', unchanged: '=' } as const

/** The steps of a plan that change something, one line each, and then its losses. */
export const planLines = ({ steps, losses }: ShownPlan): readonly string[] => [
  ...steps
    .filter(({ action }) => action !== 'unchanged')
    .map(({ action, kind, id, fields }) => {
      const changed = fields.length > 0 ? `: ${fields.join(', ')}` : ''
      return `${SIGNS[action]} ${kind} ${printable(id)}${changed}`
    }),
  ...losses.map((loss) => printable(lossLine(loss))),
]

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
      return `- credential ${label || credential} of ${client}: ends ${ends} (${last === null ? 'never used' : `last used ${last}`})`
    }
    case 'scope': {
      const { audience, scope, clients, client_id: client } = loss
      const losing = client ?? `${clients} client${clients === 1 ? '' : 's'}`
      return `- scope ${scope} at ${audience}: ${losing} can't have it any more`
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

/** The numbers of steps. */
export function summaryLine({ steps }: ShownPlan, dryRun: boolean): string {
  const count = (action: string) => steps.filter((step) => step.action === action).length
  const summary = `${count('create')} to create, ${count('update')} to update, ${count('unchanged')} unchanged`
  return dryRun ? `${summary}; nothing was written` : summary.replaceAll(/ to (create|update)/g, ' $1d')
}

export const planAsJson = ({ steps, losses, warnings, secrets }: ShownPlan, dryRun: boolean) => ({
  dry_run: dryRun,
  steps,
  losses,
  warnings,
  generated: dryRun ? [] : secrets,
})
