import { iso } from '../fields.ts'
import type { Loss, Plan } from './plan.ts'

/** A plan as JSON, without generated secrets. */
export const planBody = ({ steps, losses, warnings, generated }: Plan) => ({
  steps,
  losses: losses.map(lossBody),
  warnings,
  generates: generated.map(({ clientId, label }) => ({ client_id: clientId, label })),
})

function lossBody(loss: Loss) {
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
        last_used: iso(lastUsedAt) ?? null,
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
