import { hostname } from 'node:os'
import { configDigest } from '../config/digest.ts'
import { Heartbeat } from '../nodes/heartbeat.ts'
import { BEAT_MS, type ListedNode, listNodes } from '../nodes/list.ts'
import type { Snapshot } from '../observability/snapshot.ts'
import { version } from '../platform/version.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { Dependencies } from './environment.ts'

interface NodeParts {
  /** The number of processes that serve. */
  readonly workers: number
  readonly keysSeen: () => readonly string[]
  readonly problems: () => Promise<readonly string[]>
  readonly measure: () => Promise<readonly Snapshot[]>
}

/** This server among those that share its database. */
export interface OwnNode {
  list(): Promise<readonly ListedNode[]>
  /** Stores the state of this node now. If the database is away, that is logged, and stops nothing. */
  beat(): Promise<void>
  /** Stores the state now, and again until the server stops, which removes it. */
  begin(): Promise<void>
}

export function openNode(
  { clock, random, live, repeat, shutdown, onFailure }: Dependencies,
  { nodes: store }: Store,
  { workers, keysSeen, problems, measure }: NodeParts,
): OwnNode {
  const id = random(12).toString('base64url')
  const heartbeat = new Heartbeat({
    store,
    clock,
    identity: { id, host: hostname(), version, workers },
    configDigest: () => configDigest(live.current),
    keysSeen,
    problems,
    measure,
  })
  const failure = 'the state of this node could not be stored'
  const onMissed = onFailure(failure)
  const beat = () => heartbeat.beat().catch(onMissed)
  return {
    list: () => listNodes(store, clock.now(), id),
    beat,
    begin: async () => {
      await beat()
      shutdown.add(() => heartbeat.end().catch(onFailure('this node could not be removed from the list')))
      repeat({ every: BEAT_MS, work: beat, failure })
    },
  }
}
