import { Audience, ClientId } from '../../oauth/ids.ts'
import { slicesOf } from '../../usage/slices.ts'
import { ALSO_ISSUED, ISSUED, resolutions, type UsageQuery, type UsageSum } from '../../usage/store.ts'
import type { ManagementContext } from '../context.ts'
import { queryOf, refuseMany, type UsageWindow } from './window.ts'

/**
 * A client with more tokens of one API alive at the same time probably does not keep them. A process that renews its token after
 * four fifths of its lifetime has at most two alive for a fifth of the time, so 1.25 on average. Sixteen such processes have 20.
 */
const WASTEFUL_ABOVE = 20
/** The pairs of client and API that are looked at closely: those with the most tokens alive on average. */
const MOST_EXAMINED = 200

export interface WastefulRequest extends UsageWindow {
  /** The most tokens alive at the same time that are no sign of waste. */
  readonly above?: number
  /** The most entries. */
  readonly limit: number
}

/** A client that probably fetches a token for each call. */
export interface Wasteful {
  readonly client: ClientId
  readonly api: Audience
  readonly issued: number
  /** The average lifetime of the tokens, in seconds. */
  readonly lifetime: number
  /** The tokens that one process needs in this time if it keeps each until it expires. */
  readonly needed: number
  /** The issued tokens for each needed one. */
  readonly ratio: number
  /** The most tokens alive at the same time, at least. */
  readonly alive: number
  readonly remedy: string
}

/** The tokens of one client for one API. */
interface Pair {
  readonly client: string
  readonly api: string
  issued: number
  tokenSeconds: number
}

/** The clients that probably fetch a token for each call, those with the most tokens alive first. @throws UserError */
export async function listWasteful(context: ManagementContext, request: WastefulRequest): Promise<readonly Wasteful[]> {
  const { above = WASTEFUL_ABOVE, limit } = request
  const query = queryOf(context, request)
  const pairs = await busiestPairs(context, query, above)
  const alive = await mostAlive(context, query, pairs)
  return [...pairs]
    .flatMap(([key, pair]) => describe(pair, alive.get(key) ?? 0, query))
    .filter((found) => found.alive > above)
    .sort((one, other) => other.alive - one.alive || other.issued - one.issued)
    .slice(0, limit)
}

const keyOf = ({ client, api }: UsageSum): string => `${client}\n${api}`

/** Tokens that count for the API: those for several APIs, too. */
const isIssued = ({ outcome }: UsageSum): boolean => outcome === ISSUED || outcome === ALSO_ISSUED

/** Sums each client and API, and keeps those that may have more than `above` tokens alive. */
async function busiestPairs({ store }: ManagementContext, query: UsageQuery, above: number) {
  const pairs = new Map<string, Pair>()
  for await (const sums of slicesOf(store.usage, query, ['client', 'api'])) {
    for (const sum of sums.filter(isIssued)) {
      const { client = '', api = '' } = sum
      const pair = pairs.get(keyOf(sum)) ?? { client, api, issued: 0, tokenSeconds: 0 }
      pair.issued += sum.count
      pair.tokenSeconds += sum.tokenSeconds
      // Those without an id are several clients.
      if (client !== '') pairs.set(keyOf(sum), pair)
    }
    refuseMany(pairs.size)
  }
  const busiest = [...pairs]
    .filter(([, { issued }]) => issued > above)
    .sort(([, one], [, other]) => other.tokenSeconds - one.tokenSeconds)
  return new Map(busiest.slice(0, MOST_EXAMINED))
}

/**
 * The most tokens of each pair that were issued within one lifetime. This is a lower bound: where intervals and lifetimes differ,
 * only whole intervals within a lifetime count.
 */
async function mostAlive({ store }: ManagementContext, query: UsageQuery, pairs: ReadonlyMap<string, Pair>) {
  const width = resolutions[query.resolution] / 1000
  const most = new Map<string, number>()
  const recent = new Map<string, { at: number; count: number }[]>()
  const filter = { ...query.filter, clients: [...pairs.values()].map(({ client }) => ClientId(client)) }
  for await (const sums of slicesOf(store.usage, { ...query, filter }, ['client', 'api', 'at'])) {
    for (const [key, { at, count }] of joined(sums)) {
      const pair = pairs.get(key)
      if (pair === undefined) continue
      const lifetime = pair.tokenSeconds / pair.issued
      const intervals = Math.max(1, Math.floor(lifetime / width))
      const share = Math.min(1, lifetime / width)
      const within = (recent.get(key) ?? []).filter((one) => one.at > at - intervals * width * 1000)
      within.push({ at, count })
      recent.set(key, within)
      const alive = within.reduce((sum, one) => sum + one.count, 0) * share
      most.set(key, Math.max(most.get(key) ?? 0, alive))
    }
  }
  return most
}

/** Joins the outcomes of each pair and interval. */
function joined(sums: readonly UsageSum[]): Iterable<[string, { at: number; count: number }]> {
  const all = new Map<string, [string, { at: number; count: number }]>()
  for (const sum of sums.filter(isIssued)) {
    const { at = 0, count } = sum
    const name = `${keyOf(sum)}\n${at}`
    const known = all.get(name)
    if (known === undefined) all.set(name, [keyOf(sum), { at, count }])
    else known[1].count += count
  }
  return all.values()
}

function describe({ client, api, issued, tokenSeconds }: Pair, mostAlive: number, query: UsageQuery): Wasteful {
  const lifetime = Math.round(tokenSeconds / issued)
  const needed = Math.max(1, Math.ceil((query.until - query.since) / 1000 / Math.max(1, lifetime)))
  const alive = Math.floor(mostAlive)
  return {
    client: ClientId(client),
    api: Audience(api),
    issued,
    lifetime,
    needed,
    ratio: Math.round((10 * issued) / needed) / 10,
    alive,
    remedy: `keep each token for its expires_in (${lifetime} s), share it between the calls of a process, and fetch the next one shortly before; if ${alive} processes use this client at once, all is well`,
  }
}
