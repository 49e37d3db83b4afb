import { iso } from '../../platform/clock.ts'
import { isDestructive, type Loss, type Plan, type Users } from './plan.ts'
import { testsBody } from './tests/results-body.ts'

/** A plan as JSON, without generated secrets. */
export const planBody = ({ steps, losses, conflicts, tests, warnings, generated }: Plan) => ({
  steps,
  losses: losses.map((loss) => ({ ...lossBody(loss), destructive: isDestructive(loss) })),
  conflicts,
  tests: testsBody(tests),
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
      return { kind: 'scope', audience: loss.audience, scope: loss.scope, ...usersBody(loss) }
    case 'client':
      return { kind: 'client', client_id: loss.clientId, last_used: iso(loss.lastUsedAt) ?? null }
    case 'api':
      return { kind: 'api', audience: loss.audience, ...usersBody(loss) }
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

const usersBody = ({ clients, examples, lastUsedAt }: Users) => ({
  clients,
  examples,
  last_used: iso(lastUsedAt) ?? null,
})

/**
 * A text that is the same for two plans that do the same. It leaves out times of use, which go on, and the hints of secrets that each plan
 * generates anew.
 */
export function outcomeOf(plan: Plan): string {
  const { steps, losses, conflicts, generates } = planBody(plan)
  const done = steps.map(({ changes, ...step }) => ({
    ...step,
    changes: changes.map((change) => (change.field.startsWith('credentials.') ? change.field : change)),
  }))
  const lost = losses.map((loss) => ({ ...loss, last_used: undefined }))
  return JSON.stringify({ done, lost, conflicts, generates })
}
