import type { KeyObject } from 'node:crypto'
import { CHECKPOINTS, type Chain, extendCheckpoints, headOf } from '../../audit/proof/chain.ts'
import { type Checkpoint, contentOf } from '../../audit/proof/checkpoint.ts'
import { isSignedBy } from '../../audit/proof/keys.ts'
import { checkpointText } from '../../audit/proof/statements.ts'
import type { ProofStore } from '../../audit/proof/store.ts'
import type { Faults } from './faults.ts'
import { Points } from './points.ts'
import type { Position, Removed } from './removed.ts'

/** A copy of a checkpoint, from outside of the database. */
export type GivenCheckpoint = Pick<Checkpoint, 'statement' | 'signature'>

/** Verifying a signature takes a tenth of a millisecond. */
const PAGE = 30

interface Trust {
  readonly keys: ReadonlyMap<string, KeyObject>
  readonly faults: Faults
  readonly removed: Removed
}

/** The result of reading the checkpoints. */
export interface Signed {
  readonly points: Points
  readonly checkpoints: number
  /** The highest number of a chain that a checkpoint names. */
  readonly chains: number
  /** The time of the last checkpoint; undefined if there is none. */
  readonly lastAt: number | undefined
}

/** Reads and verifies all checkpoints up to the end of their chain, and copies of some from outside. @param rest waits between pages */
export async function readCheckpoints(
  store: ProofStore,
  chain: Chain | undefined,
  given: readonly GivenCheckpoint[],
  trust: Trust,
  rest: () => Promise<unknown>,
): Promise<Signed> {
  const points = new Points()
  let chains = 0
  for (const copy of given) chains = Math.max(chains, readOne(copy, false, points, trust)?.chains ?? 0)
  if (chain === undefined) return { points, checkpoints: 0, chains, lastAt: undefined }
  const { faults, removed } = trust
  const end = headOf(chain)
  let position: Position = headOf({ ...chain, place: 0 })
  let checkpoints = 0
  let lastAt: number | undefined
  for (let after = 0, page: readonly Checkpoint[] = []; ; after = page.at(-1)?.number ?? after) {
    page = await store.listCheckpoints(after, PAGE)
    for (const checkpoint of page.filter(({ number }) => number <= end.place)) {
      const { number, at } = checkpoint
      const where = { chain: CHECKPOINTS, place: number, at }
      position = await removed.follow(chain, position, number - 1)
      if (number !== position.place + 1) {
        faults.add(`the checkpoints ${position.place + 1} to ${number - 1} are missing`, where)
        position = { place: number - 1, hash: undefined }
      }
      const content = readOne(checkpoint, true, points, trust)
      const { hash } = position
      if (content !== undefined) {
        if (content.number !== number || Date.parse(content.at) !== at)
          faults.add('the number or the time of a checkpoint was changed', where)
        else if (hash !== undefined && content.previous !== hash)
          faults.add('a checkpoint does not follow the one before it', where)
        chains = Math.max(chains, content.chains)
      }
      // The statement names the previous hash, so that the next one can be checked even after a fault.
      const previous = content?.previous ?? hash ?? ''
      position = extendCheckpoints({ chain: CHECKPOINTS, place: position.place, hash: previous }, checkpoint)
      checkpoints += 1
      lastAt = at
    }
    if (page.length < PAGE) break
    await rest()
  }
  position = await removed.follow(chain, position, end.place)
  // The hash is unknown if the last ones were removed meanwhile.
  if (position.place !== end.place || (position.hash ?? end.hash) !== end.hash)
    faults.add('the last checkpoints are missing, or their end was changed', { chain: CHECKPOINTS, place: end.place })
  const [beyond] = await store.listCheckpoints(end.place, 1)
  const later = beyond && (await store.listChains()).find(({ id }) => id === CHECKPOINTS)
  if (beyond !== undefined && beyond.number > (later?.place ?? 0))
    faults.add('a checkpoint is beyond the end of the checkpoints', { chain: CHECKPOINTS, place: beyond.number })
  return { points, checkpoints, chains, lastAt }
}

/** Verifies one checkpoint, and takes the places that it signs. */
function readOne(
  { statement, signature }: GivenCheckpoint,
  isStored: boolean,
  points: Points,
  { keys, faults }: Trust,
) {
  const content = contentOf(statement)
  const name = `${isStored ? '' : 'the copy of '}checkpoint ${content?.number ?? 'without a number'}`
  const key = content && keys.get(content.kid)
  if (content === undefined || key === undefined || !isSignedBy(key, checkpointText(statement), signature)) {
    faults.add(`${name} is not signed by a trusted key`, {
      chain: CHECKPOINTS,
      ...(content && { place: content.number }),
    })
    return undefined
  }
  for (const head of content.heads) {
    const other = points.add(head, `checkpoint ${content.number}`, isStored)
    const { chain, place } = head
    if (other !== undefined) faults.add(`${name} and ${other.by} contradict each other`, { chain, place })
  }
  return content
}
