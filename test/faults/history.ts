/** Checks the answers of several nodes against the promises of one server. This file may import nothing. */

/** A request and its answer, if one came. `asked` and `answered` are milliseconds of the same clock. */
interface Operation {
  readonly node: number
  readonly asked: number
  readonly answered: number
  /** The HTTP status of the answer; 0 if none came. */
  readonly status?: number
  /** The request id of the answer; empty if none came. */
  readonly requestId?: string
}

/** A token for a known client was asked for. */
interface Issued extends Operation {
  readonly kind: 'issue'
  readonly outcome: 'done' | 'unknown'
}

/** An assertion was presented. */
interface Presented extends Operation {
  readonly kind: 'assertion'
  readonly jti: string
  /** `unknown`: no answer came, or a 503, which says neither. */
  readonly outcome: 'accepted' | 'refused' | 'unknown'
}

/** A request to revoke a token. */
interface Revoked extends Operation {
  readonly kind: 'revoke'
  readonly token: string
  readonly outcome: 'done' | 'unknown'
}

/** A request to introspect a token. */
interface Judged extends Operation {
  readonly kind: 'introspect'
  readonly token: string
  readonly outcome: 'active' | 'inactive' | 'unknown'
}

export type HistoryEntry = Issued | Presented | Revoked | Judged

/** Outcomes of an acknowledged request that has an event in the audit log. */
const ACKNOWLEDGED: readonly string[] = ['done', 'accepted']

/**
 * Describes every broken promise. The promises are:
 * - an assertion's `jti` is accepted once
 * - once a revocation is answered, every node calls the token inactive within `bound` milliseconds
 * - a token that a node has called inactive stays inactive there
 * - a token that nobody revoked is active
 */
export function violations(history: readonly HistoryEntry[], bound: number): readonly string[] {
  return [
    ...acceptedTwice(history.filter((entry) => entry.kind === 'assertion')),
    ...[...Map.groupBy(history.filter(isOfToken), ({ token }) => token)].flatMap(([token, entries]) =>
      misjudged(token, entries, bound),
    ),
  ]
}

const isOfToken = (entry: HistoryEntry) => entry.kind === 'revoke' || entry.kind === 'introspect'

/**
 * Describes every acknowledged request that the audit log has not exactly once. @param recorded the request id of each event
 */
export function unrecorded(history: readonly HistoryEntry[], recorded: readonly string[]): readonly string[] {
  const times = new Map<string, number>()
  for (const requestId of recorded) times.set(requestId, (times.get(requestId) ?? 0) + 1)
  return history
    .filter(({ outcome }) => ACKNOWLEDGED.includes(outcome))
    .map(({ kind, requestId = '' }) => ({ kind, requestId, count: times.get(requestId) ?? 0 }))
    .filter(({ count }) => count !== 1)
    .map(({ kind, requestId, count }) => `the ${kind} ${requestId} has ${count} events`)
}

function acceptedTwice(presented: readonly Presented[]): readonly string[] {
  const accepted = presented.filter(({ outcome }) => outcome === 'accepted')
  return [...Map.groupBy(accepted, ({ jti }) => jti)]
    .filter(([, times]) => times.length > 1)
    .map(([jti, times]) => `${jti} was accepted ${times.length} times, at nodes ${times.map(({ node }) => node)}`)
}

function misjudged(token: string, entries: readonly (Revoked | Judged)[], bound: number): readonly string[] {
  const revocations = entries.filter((entry) => entry.kind === 'revoke')
  const judged = entries.filter((entry) => entry.kind === 'introspect')
  const firstAsked = Math.min(...revocations.map(({ asked }) => asked))
  const firstDone = Math.min(...revocations.filter(({ outcome }) => outcome === 'done').map(({ answered }) => answered))
  return judged.flatMap(({ node, asked, answered, outcome }) => {
    if (outcome === 'inactive' && answered < firstAsked) return [`${token} was inactive at node ${node}, unrevoked`]
    if (outcome !== 'active') return []
    if (asked > firstDone + bound)
      return [`${token} was active at node ${node}, ${asked - firstDone} ms after its revocation`]
    const wasInactive = judged.some(
      (earlier) => earlier.node === node && earlier.outcome === 'inactive' && earlier.answered < asked,
    )
    return wasInactive ? [`${token} was active at node ${node} again`] : []
  })
}
