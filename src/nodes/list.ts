import { NODE_LIMITS, type Node, type NodeStore } from './store.ts'

/** The interval between two heartbeats of a node. Milliseconds. */
export const BEAT_MS = 10_000
/** After this time without a heartbeat, at least three are missing. Milliseconds. */
const STALE_MS = 3.5 * BEAT_MS

/** A node as it is judged now. */
export interface ListedNode extends Node {
  readonly isThis: boolean
  /** `stale`: it has stopped without a farewell, can't reach the database, or its clock differs by more than half a minute. */
  readonly status: 'ok' | 'stale' | 'unavailable'
  readonly reasons: readonly string[]
}

/** Lists the nodes in the order of their starts. @param now milliseconds @param thisId the node that lists */
export async function listNodes(
  store: Pick<NodeStore, 'listNodes'>,
  now: number,
  thisId: string,
): Promise<readonly ListedNode[]> {
  const nodes = await store.listNodes(NODE_LIMITS.nodes)
  return nodes
    .toSorted((one, other) => one.startedAt - other.startedAt)
    .map((node) => ({ ...node, isThis: node.id === thisId, ...judge(node, now) }))
}

function judge({ lastSeenAt, problems }: Node, now: number): Pick<ListedNode, 'status' | 'reasons'> {
  const silent = now - lastSeenAt
  if (silent < -STALE_MS)
    return { status: 'stale', reasons: [`its last state is ${Math.round(-silent / 1000)} s ahead of the clock here`] }
  if (silent > STALE_MS)
    return { status: 'stale', reasons: [`the node has stored no state for ${Math.round(silent / 1000)} s`] }
  return { status: problems.length === 0 ? 'ok' : 'unavailable', reasons: problems }
}
