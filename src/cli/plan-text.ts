import type { Loss, Plan } from '../management/manifest/plan.ts'
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

export const planAsJson = ({ steps, losses, generated, warnings }: Plan, dryRun: boolean) => ({
  dry_run: dryRun,
  steps,
  losses: losses.map(lossAsJson),
  warnings,
  generated: dryRun ? [] : generated.map(({ clientId, label, secret }) => ({ client_id: clientId, label, secret })),
})

function lossAsJson(loss: Loss) {
  switch (loss.kind) {
    case 'credential': {
      const { kind, clientId, credential, endsAt, lastUsedAt } = loss
      const { id, label } = credential
      return {
        kind,
        client_id: clientId,
        credential: id,
        label,
        ends: iso(endsAt) ?? 'now',
        last_used: iso(lastUsedAt),
      }
    }
    case 'api scope':
      return { kind: 'scope', audience: loss.audience, scope: loss.scope, clients: loss.clients }
    case 'client scope':
      return { kind: 'scope', audience: loss.audience, scope: loss.scope, client_id: loss.clientId }
    case 'disabled':
      return { kind: 'enabled', client_id: loss.clientId }
    case 'owner':
      return { kind: 'owner', client_id: loss.clientId, before: loss.before, after: loss.after ?? null }
    case 'api owner':
      return { kind: 'owner', audience: loss.audience, before: loss.before, after: loss.after ?? null }
  }
}
