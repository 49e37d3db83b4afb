import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { CHANGES, CHECKPOINTS, type Chain, extend, headOf } from '../../audit/proof/chain.ts'
import { type AuditKey, isWhole, openSeal, trustedKeys } from '../../audit/proof/keys.ts'
import type { ChainedRow } from '../../audit/proof/store.ts'
import type { MasterKey } from '../../crypto/master-key.ts'
import { UserError } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'
import { type GivenCheckpoint, readCheckpoints, type Signed } from './checkpoints.ts'
import { type Fault, Faults } from './faults.ts'
import { type Position, Removed } from './removed.ts'

/** The master key may be missing if the input names a trusted key: an auditor need not be able to sign. */
interface VerifyContext extends ManagementContext {
  readonly masterKey: MasterKey | undefined
}

interface VerifyInput {
  /** The thumbprint of a trusted key; by default, the key in use is trusted if the master key decrypts its private part. */
  readonly key?: string | undefined
  /** Copies of checkpoints from outside of the database. */
  readonly given?: readonly GivenCheckpoint[]
  /** Called repeatedly with the number of events so far. */
  readonly onProgress?: (events: number) => void
  /** Waits between two pages, of which each takes some milliseconds; by default, for one turn of the event loop. */
  readonly rest?: () => Promise<unknown>
}

/** The result of verifying the audit log. */
export interface Verification {
  readonly events: number
  readonly chains: number
  readonly checkpoints: number
  /** Places that retention has removed with a signature, those of checkpoints included. */
  readonly removed: number
  /** Events that are there and that no checkpoint of their chain signs, mostly those since the last one. */
  readonly uncovered: number
  /** Events from before there were chains. They can't be verified. */
  readonly unchained: number
  /** The trusted keys, by thumbprint; the one in use is the last. */
  readonly keys: readonly string[]
  /** Milliseconds. */
  readonly lastCheckpointAt: number | undefined
  readonly faults: readonly Fault[]
  /** The number of faults, including those that are not listed. */
  readonly faultCount: number
}

const PAGE = 250

/**
 * Verifies the events, chains, checkpoints and removals of all tenants, as they were when it began. It holds one page of events, and
 * the hashes that checkpoints sign. @throws UserError if there is no such key as the given one
 */
export async function verifyAudit(context: VerifyContext, input: VerifyInput = {}): Promise<Verification> {
  const { proof } = context.store
  const { rest = nextTurn } = input
  const faults = new Faults()
  const chains = new Map((await proof.listChains()).map((chain) => [chain.id, chain]))
  // Read after the chains, so that they hold every key of theirs.
  const all = await proof.listKeys()
  const keys = trusted(all, context.masterKey, input.key, faults)
  const removed = await Removed.read(proof, keys, faults)
  const trust = { keys, faults, removed }
  const signed = await readCheckpoints(proof, chains.get(CHECKPOINTS), input.given ?? [], trust, rest)
  const walk = new Walk(chains, signed, { removed, faults, kids: new Set(all.map(({ kid }) => kid)) })
  for (let page: readonly ChainedRow[] = [], after = 0; ; after = page.at(-1)?.seq ?? after) {
    page = await proof.listRows(after, PAGE)
    for (const row of page) {
      const late = walk.take(row)
      if (late !== undefined) await late
    }
    input.onProgress?.(walk.events)
    if (page.length < PAGE) break
    await rest()
  }
  await walk.end(new Map((await proof.listChains()).map((chain) => [chain.id, chain])))
  removed.refuseOthers()
  return {
    events: walk.events,
    chains: chains.size - 1,
    checkpoints: signed.checkpoints,
    removed: removed.places,
    uncovered: walk.uncovered,
    unchained: walk.unchained,
    keys: [...keys.keys()],
    lastCheckpointAt: signed.lastAt,
    faults: faults.listed,
    faultCount: faults.count,
  }
}

/** The keys to trust, in the order of their use. */
function trusted(
  all: readonly AuditKey[],
  masterKey: MasterKey | undefined,
  pinned: string | undefined,
  faults: Faults,
) {
  for (const [index, key] of all.entries())
    if (key.number !== index + 1 || !isWhole(key)) faults.add(`the audit key ${key.kid} was changed`)
  if (pinned !== undefined && !all.some(({ kid }) => kid === pinned))
    throw new UserError(`no key of this audit log has the thumbprint ${pinned}`)
  const opened = openedKey(all, masterKey, pinned !== undefined, faults)
  const kid = pinned ?? opened
  const keys = kid === undefined ? new Map() : trustedKeys(all, kid)
  for (const other of all.filter((one) => !keys.has(one.kid)))
    faults.add(`no trusted key vouches for the audit key ${other.kid}`)
  return new Map(all.flatMap((one) => [...keys].filter(([name]) => name === one.kid)))
}

/**
 * The key in use, if the master key decrypts its private part.
 * @param isKnown whether the trust comes from elsewhere, so that a missing master key is no fault
 */
function openedKey(
  all: readonly AuditKey[],
  masterKey: MasterKey | undefined,
  isKnown: boolean,
  faults: Faults,
): string | undefined {
  // Before a server has started, there is no key, and nothing is signed.
  if (masterKey === undefined || all.length === 0) return undefined
  const under = all.at(-1)?.encrypted?.masterKeyId
  const isMissing = under !== undefined && !masterKey.has(under)
  if (isMissing && isKnown) return undefined
  const seal = openSeal(all, masterKey)
  if (!('problem' in seal)) return seal.kid
  faults.add(isMissing ? `${seal.problem}: give that one, or the thumbprint of a key that you trust` : seal.problem)
  return undefined
}

/** The thumbprint in the detail of a key's event; undefined if the detail was changed, as the hash of the event shows. */
function kidIn(detail: string): string | undefined {
  try {
    return keyDetail.safeParse(JSON.parse(detail)).data?.kid
  } catch {
    return undefined
  }
}

const keyDetail = z.object({ kid: z.string() })

interface Evidence {
  readonly removed: Removed
  readonly faults: Faults
  /** All keys that there are, by thumbprint. */
  readonly kids: ReadonlySet<string>
}

/** Follows all chains through the events in the order of their numbers. */
class Walk {
  events = 0
  unchained = 0
  uncovered = 0
  readonly #chains: ReadonlyMap<number, Chain>
  readonly #signed: Signed
  readonly #evidence: Evidence
  readonly #positions = new Map<number, Position & { readonly other?: string | undefined }>()
  /** The highest place beyond the end of each chain. */
  readonly #beyond = new Map<number, ChainedRow>()

  constructor(chains: ReadonlyMap<number, Chain>, signed: Signed, evidence: Evidence) {
    this.#chains = chains
    this.#signed = signed
    this.#evidence = evidence
  }

  /** @returns a promise if places before the event are missing, or were removed */
  take(row: ChainedRow): Promise<void> | undefined {
    const { faults } = this.#evidence
    const { chain: id, place, hash, seq, at } = row
    this.events += 1
    if (id === null) {
      this.unchained += 1
      if (seq > (this.#chains.get(CHANGES)?.afterSeq ?? 0) || place !== null || hash !== null)
        faults.add('the event is in no chain, although the log had chains when it was written', { seq, at })
      return undefined
    }
    const chain = this.#chains.get(id)
    if (place === null || chain === undefined || id === CHECKPOINTS || place > chain.place) {
      if ((this.#beyond.get(id)?.place ?? 0) < (place ?? Number.POSITIVE_INFINITY)) this.#beyond.set(id, row)
      return undefined
    }
    this.#requireKey(row)
    const where = { chain: id, place, seq, at }
    const before = this.#positions.get(id) ?? headOf({ ...chain, place: 0 })
    if (place <= before.place) {
      faults.add('the event was inserted, moved or copied: the chain had passed its place', where)
      return undefined
    }
    if (before.place + 1 < place) return this.#takeBehind(chain, before, row, where)
    this.#positions.set(id, this.#link(row, place, before, where))
    return undefined
  }

  /** Takes an event that does not follow at once. */
  async #takeBehind(
    chain: Chain,
    before: Position,
    row: ChainedRow,
    where: Omit<Fault, 'problem'> & { readonly place: number },
  ): Promise<void> {
    const { place } = where
    const followed = await this.#evidence.removed.follow(chain, before, place - 1)
    const isWhole = followed.place + 1 === place
    if (!isWhole) this.#miss(chain.id, followed.place + 1, place - 1)
    const previous = isWhole ? followed : { place: place - 1, hash: undefined }
    this.#positions.set(chain.id, this.#link(row, place, previous, where))
  }

  /** The event of a removed key stays, even in a log that no checkpoint signs yet. */
  #requireKey({ type, detail, seq, at }: ChainedRow): void {
    if (type !== 'audit_key.change') return
    const kid = kidIn(detail)
    if (kid === undefined || this.#evidence.kids.has(kid)) return
    this.#evidence.faults.add(`the audit key ${kid} of this event is missing`, { seq, at })
  }

  /** Checks one event against the place before it. @returns the position after it */
  #link(
    row: ChainedRow,
    place: number,
    { hash: previous, other }: Position & { readonly other?: string | undefined },
    where: Omit<Fault, 'problem'>,
  ) {
    const { faults } = this.#evidence
    const chain = row.chain ?? 0
    const hash = row.hash ?? ''
    const after = (from: string) => extend({ chain, place: place - 1, hash: from }, row).hash
    const computed = previous === undefined ? hash : after(previous)
    const isRight = computed === hash || (other !== undefined && after(other) === hash)
    if (!isRight) faults.add('the event, or its hash, was changed', where)
    if (place > (this.#signed.points.last(chain)?.place ?? 0)) this.uncovered += 1
    const point = this.#signed.points.at(chain, place)
    if (point !== undefined && point.hash !== hash && (isRight || point.hash !== computed))
      faults.add(`the chain up to here is not the one that ${point.by} signs`, where)
    // If only the hash was changed, the next event follows the right one.
    return { place, hash, other: isRight ? undefined : computed }
  }

  /** @param now the chains as they are after the walk */
  async end(now: ReadonlyMap<number, Chain>): Promise<void> {
    const { faults } = this.#evidence
    for (const [id, row] of this.#beyond) {
      const { place, seq, at } = row
      if (place === null || id === CHECKPOINTS || place > (now.get(id)?.place ?? 0))
        faults.add('the event was inserted: its chain has no such place', { chain: id, place: place ?? 0, seq, at })
    }
    for (const chain of this.#chains.values()) if (chain.id !== CHECKPOINTS) await this.#endOf(chain)
    const known = [...this.#chains.keys()]
    // Every database has the first two chains.
    const last = Math.max(CHECKPOINTS, this.#signed.chains, ...known, ...this.#signed.points.chains)
    for (let id = 1; id <= last; id += 1)
      if (!this.#chains.has(id)) faults.add('the whole chain is missing', { chain: id })
  }

  async #endOf(chain: Chain): Promise<void> {
    const { faults, removed } = this.#evidence
    const { id } = chain
    const end = headOf(chain)
    const passed = this.#positions.get(id) ?? headOf({ ...chain, place: 0 })
    const position = await removed.follow(chain, passed, end.place)
    if (position.place < end.place) this.#miss(id, position.place + 1, end.place)
    // The hash is unknown if the last places were removed meanwhile.
    else if ((position.hash ?? end.hash) !== end.hash && !('other' in position && position.other === end.hash))
      faults.add('the end of the chain was changed', { chain: id, place: end.place })
    const point = this.#signed.points.last(id)
    const stored = this.#signed.points.lastStored(id)
    if (point !== undefined && point.place > end.place)
      faults.add(`the end of the chain is missing: ${point.by} signs the place ${point.place}`, {
        chain: id,
        place: end.place + 1,
      })
    else if (stored !== undefined && stored !== chain.signedPlace)
      faults.add('the chain names another last checkpoint than there is', { chain: id, place: chain.signedPlace })
  }

  #miss(chain: number, first: number, last: number): void {
    const text = first === last ? 'one event is missing' : `the events ${first} to ${last} are missing`
    this.#evidence.faults.add(text, { chain, place: first })
  }
}
