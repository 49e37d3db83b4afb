import type { Loss, Plan } from '../management/manifest/plan.ts'
import { planBody } from '../management/manifest/plan-body.ts'
import { printable } from './output.ts'

const SIGNS = { create: '+', update: '~', unchanged: '=' } as const

/** The steps of a plan that change something, one line each, and then its losses. */
export const planLines = ({ steps, losses }: Plan): readonly string[] => [
  ...steps
    .filter(({ action }) => action !== 'unchanged')
    .map(({ action, kind, id, fields }) => {
      const changed = fields.length > 0 ? `: ${fields.join(', ')}` : ''
      return `${SIGNS[action]} ${kind} ${printable(id)}${changed}`
    }),
  ...losses.map((loss) => printable(lossLine(loss))),
]

/** The generated secrets, one line each: client, label, secret. */
export const secretLines = ({ generated }: Plan): readonly string[] =>
  generated.map(({ clientId, label, secret }) => `${printable(clientId)}\t${printable(label)}\t${secret}`)

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString())

function lossLine(loss: Loss): string {
  switch (loss.kind) {
    case 'credential': {
      const { credential, clientId, endsAt, lastUsedAt } = loss
      const used = lastUsedAt === undefined ? 'never used' : `last used ${iso(lastUsedAt)}`
      return `- credential ${credential.label || credential.id} of ${clientId}: ends ${iso(endsAt) ?? 'now'} (${used})`
    }
    case 'api scope':
      return `- scope ${loss.scope} at ${loss.audience}: ${loss.clients} client${loss.clients === 1 ? '' : 's'} can't have it any more`
    case 'client scope':
      return `- scope ${loss.scope} at ${loss.audience}: ${loss.clientId} can't have it any more`
    case 'disabled':
      return `- client ${loss.clientId}: is disabled, and introspection reports its tokens as inactive, for good`
    case 'owner':
      return `! client ${loss.clientId}: ${passes(loss)}`
    case 'api owner':
      return `! api ${loss.audience}: ${passes(loss)}`
  }
}

const passes = ({ before, after }: Extract<Loss, { readonly before: string }>): string =>
  `passes from ${JSON.stringify(before)} to ${after === undefined ? 'nobody' : JSON.stringify(after)}`

export const planAsJson = (plan: Plan, dryRun: boolean) => ({
  dry_run: dryRun,
  ...planBody(plan),
  generated: dryRun
    ? []
    : plan.generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret })),
})
