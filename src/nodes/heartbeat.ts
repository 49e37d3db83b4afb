import type { Snapshot } from '../observability/snapshot.ts'
import type { Clock } from '../platform/clock.ts'
import { FRESH_MS } from '../platform/freshness.ts'
import { RequestRates } from './request-rates.ts'
import { NODE_LIMITS, type Node, type NodeStore } from './store.ts'

/** The facts about a node that do not change while it runs. */
interface NodeIdentity extends Pick<Node, 'host' | 'version' | 'workers'> {
  /** Random, so that a node that starts again is another one. */
  readonly id: string
}

interface HeartbeatOptions {
  readonly store: NodeStore
  readonly clock: Clock
  readonly identity: NodeIdentity
  readonly configDigest: () => string
  readonly keysSeen: () => readonly string[]
  readonly problems: () => Promise<readonly string[]>
  /** The metrics of every process of the node. */
  readonly measure: () => Promise<readonly Snapshot[]>
}

/** Stores the state of this node, so that every node can list it. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #startedAt: number
  readonly #rates: RequestRates
  #isStored = false

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
    this.#rates = new RequestRates(options.clock.monotonic())
  }

  /** Stores the present state, and removes nodes that are gone. Rejects when the database fails; nothing else depends on it. */
  async beat(): Promise<void> {
    const { store, clock, identity, configDigest, keysSeen, problems, measure } = this.#options
    const reasons = await problems()
    const snapshots = await measure()
    this.#isStored = false
    await store.putNode({
      ...identity,
      host: cut(identity.host),
      startedAt: this.#startedAt,
      lastSeenAt: clock.now(),
      configDigest: configDigest(),
      changeLag: changeLagOf(snapshots),
      keysSeen: keysSeen().slice(0, NODE_LIMITS.keys),
      problems: reasons.slice(0, NODE_LIMITS.problems).map(cut),
      requests: this.#rates.add(clock.monotonic(), snapshots),
    })
    this.#isStored = true
    await store.removeOldNodes(clock.now() - NODE_LIMITS.age, NODE_LIMITS.nodes)
  }

  /** Removes this node from the list, unless the database was away last: nobody should wait for it at the end. */
  async end(): Promise<void> {
    if (this.#isStored) await this.#options.store.removeNode(this.#options.identity.id)
  }
}

const cut = (text: string): string => text.slice(0, NODE_LIMITS.text)

/** The oldest state of any process of the node, as the metrics have it. Milliseconds. */
function changeLagOf(snapshots: readonly Snapshot[]): number {
  const ages = snapshots
    .flat()
    .filter(({ name }) => name === 'tessera_state_age_seconds')
    .flatMap(({ values }) => values.map(({ value }) => Math.round(value * 1000)))
  const oldest = Math.max(0, ...ages)
  return oldest > FRESH_MS ? oldest : 0
}
