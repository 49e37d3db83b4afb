import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { ACCESS } from '../harness/access.ts'
import { tessera } from '../harness/cli.ts'
import { extent, report } from '../harness/extent.ts'
import { clientLine, makeFleet } from '../harness/fleet.ts'
import { type Nodes, startNodes } from '../harness/nodes.ts'
import { missingPackages, startPatroni, type TestPatroni } from '../harness/patroni.ts'
import { applyTo } from '../harness/server.ts'
import { quantile } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { unrecorded, violations } from './history.ts'
import { Observer } from './observer.ts'

/** Each kill takes about a minute, of which Patroni waits twenty seconds. */
const KILLS = extent(0, 20)
/** Milliseconds within which every node honours an acknowledged revocation. */
const BOUND_MS = 1_000
/** Milliseconds after a fail-over within which writes succeed again. */
const BACK_MS = 2_000
/** Seconds for which the assertions are valid, so that each can be presented once more at the end. */
const LIFETIME = 3_500

const reason =
  missingPackages.length > 0 ? `Debian's ${missingPackages.join(', ')} are missing` : 'it runs in npm run test:faults'
const isSkipped = missingPackages.length > 0 || KILLS === 0

const fleet = await makeFleet()
/** The manifest, in which a name changes. */
const manifestOf = (version: number) => fleet.manifest + clientLine('applied', `name: version ${version}, `)

let patroni: TestPatroni
let nodes: Nodes
beforeAll(async () => {
  if (isSkipped) return
  patroni = await startPatroni()
  nodes = await startNodes({ count: 2, storage: patroni.location, manifest: manifestOf(0) })
}, 240_000)
afterAll(async () => {
  await nodes?.stop()
  await patroni?.stop()
})

/** Applies one manifest after another. */
class Applying {
  acknowledged = 0
  readonly times: number[] = []
  isOver = false

  async run(): Promise<void> {
    for (let version = 1; !this.isOver; version += 1) {
      await applyTo(nodes.config, manifestOf(version)).then(
        () => {
          this.acknowledged = version
          this.times.push(performance.now())
        },
        () => {},
      )
      await sleep(500)
    }
  }
}

/** Milliseconds of one fail-over, each from the kill. */
interface FailOver {
  /** Until a connection to a host found that it accepts writes. */
  readonly primary: number
  /** Until that host committed a write, which waits for its standby. */
  readonly commit: number
  /** Until each kind of write had succeeded again, at every node. */
  readonly back: number
}

/** Waits until a member accepts writes. */
async function primaryNow(): Promise<number> {
  let found: number | undefined
  await until(async () => {
    found = await patroni.primary()
    return found !== undefined
  }, 90_000)
  return found ?? -1
}

/** Kills the primary, waits until writes are back, and brings the member back. */
async function failOver(observer: Observer, applying: Applying): Promise<FailOver> {
  const killed = await primaryNow()
  const seen = observer.history.length
  const from = performance.now()
  await patroni.kill(killed)
  const after = performance.now()
  const next = await primaryNow()
  const primary = performance.now() - from
  await until(
    () =>
      patroni.query(next, 'create table if not exists probe (); insert into probe default values').then(
        () => true,
        () => false,
      ),
    30_000,
  )
  const commit = performance.now() - from
  /** The first success of each kind of write at each node among those sent after the kill. */
  const firsts = () => {
    const later = observer.history.slice(seen).filter(({ asked }) => asked > after)
    const answered = (kind: string, node: number) =>
      later.find((entry) => entry.kind === kind && entry.node === node && ['done', 'accepted'].includes(entry.outcome))
        ?.answered
    // An assertion that both nodes got at once is accepted by one of them.
    const accepted = later.find(({ kind, outcome }) => kind === 'assertion' && outcome === 'accepted')?.answered
    const applied = applying.times.find((at) => at > after)
    return { revoke0: answered('revoke', 0), revoke1: answered('revoke', 1), mark: accepted, apply: applied }
  }
  await until(async () => Object.values(firsts()).every((at) => at !== undefined), 90_000)
  const times = Object.entries(firsts()).map(([name, at = 0]) => [name, Math.round(at - from)] as const)
  const back = Math.max(...times.map(([, time]) => time))
  report('fail-over (ms)', { primary: Math.round(primary), commit: Math.round(commit), ...Object.fromEntries(times) })
  await patroni.restore(killed)
  return { primary, commit, back }
}

/** The median and the longest of some times. */
const middleAndMost = (times: readonly number[]): string =>
  `${Math.round(quantile(times, 0.5))} (at most ${Math.round(Math.max(...times))})`

test.skipIf(isSkipped)(
  `the primary of a cluster of Patroni is killed again and again${isSkipped ? ` (skipped: ${reason})` : ''}`,
  async () => {
    const urls = nodes.nodes.map(({ url }) => url)
    const observer = new Observer({ issuer: nodes.issuer, urls, fleet, lifetime: LIFETIME })
    const applying = new Applying()
    const working = [
      ...[0, 1].flatMap((node) => [observer.issue(node, 20), observer.write(node, 50)]),
      ...Array.from({ length: 2 }, () => observer.present(100)),
      ...Array.from({ length: 4 }, () => observer.revoke(BOUND_MS)),
      applying.run(),
    ]
    await sleep(3_000)
    const failOvers: FailOver[] = []
    while (failOvers.length < KILLS) {
      failOvers.push(await failOver(observer, applying))
      await sleep(2_000)
    }
    observer.isOver = true
    applying.isOver = true
    await Promise.all(working)

    // Nodes with nothing in memory must find every mark and revocation in the database.
    await Promise.all(nodes.nodes.map((node) => node.restart()))
    const { history } = observer
    const accepted = history.flatMap((entry) =>
      entry.kind === 'assertion' && entry.outcome === 'accepted' ? [entry.jti] : [],
    )
    const revoked = history.flatMap((entry) =>
      entry.kind === 'revoke' && entry.outcome === 'done' ? [entry.token] : [],
    )
    /** Sends a request until its answer says something. */
    const settle = async (send: () => Promise<void>) => {
      do await send()
      while (history.at(-1)?.outcome === 'unknown')
    }
    for (const [index, assertion] of accepted.entries()) await settle(() => observer.presentAt(index % 2, assertion))
    for (const [index, token] of revoked.entries()) await settle(() => observer.introspectAt(index % 2, token))
    observer.end()

    const store = await openStore(nodes.config.storage, systemClock, ACCESS)
    const recorded = async () => {
      const events = await store.audit.listEvents({ limit: 5_000_000 })
      return events.flatMap(({ requestId }) => requestId ?? [])
    }
    await until(async () => unrecorded(history, await recorded()).length === 0, 10_000).catch(() => {})
    const lost = unrecorded(history, await recorded())
    const applied = await store.directory.loadClient(ClientId('applied'))
    await store.close()
    const verified = await tessera(['audit', 'verify'], { env: { ...nodes.env } })

    const afterCommit = failOvers.map(({ commit, back }) => back - commit)
    const afterPrimary = failOvers.map(({ primary, back }) => back - primary)
    const issued = history.filter(({ kind }) => kind === 'issue')
    report(`${KILLS} kills of a primary`, {
      'tokens for a known client': `${observer.count('issue', 'done')} of ${issued.length}`,
      'revocations acknowledged': revoked.length,
      'marks acknowledged': accepted.length,
      'manifests applied': applying.times.length,
      'unknown outcomes': history.filter(({ outcome }) => outcome === 'unknown').length,
      'ms until a primary': middleAndMost(failOvers.map(({ primary }) => primary)),
      'until a commit': middleAndMost(failOvers.map(({ commit }) => commit)),
      'until all writes': middleAndMost(failOvers.map(({ back }) => back)),
      'after the primary': middleAndMost(afterPrimary),
      'after the commit': middleAndMost(afterCommit),
      'events lost': lost.length,
      violations: violations(history, BOUND_MS).length,
    })
    expect(issued.filter(({ outcome }) => outcome !== 'done')).toEqual([])
    expect(violations(history, BOUND_MS)).toEqual([])
    expect(lost.slice(0, 20)).toEqual([])
    const version = applied !== undefined && 'name' in applied ? Number(/\d+/.exec(applied.name ?? '')?.[0]) : 0
    expect(version).toBeGreaterThanOrEqual(applying.acknowledged)
    expect(verified).toMatchObject({ code: 0 })
    expect(Math.max(...afterCommit)).toBeLessThan(BACK_MS)
  },
  60 * 60_000,
)
