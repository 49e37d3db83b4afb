/** `node bench/searching.ts`: the time of a page of events among ten million, for each filter, on each database. */

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { EventFilter } from '../src/audit/query.ts'
import { DAY_MS, systemClock } from '../src/platform/clock.ts'
import { createStore } from '../src/store/tables/sql-store.ts'
import { fillEvents, RARE } from './audit-fill.ts'
import { type DatabaseKind, makeDatabase } from './servers/databases.ts'
import { Workspace } from './workspace.ts'

const PAGE = 50
const TIMES = 15
const TARGET_MS = 100

const since = systemClock.now() - 7 * DAY_MS
const client = { clientIds: ['client-77'] }
const filters: Readonly<Record<string, EventFilter>> = {
  'no filter': {},
  'a client': client,
  'a client with one event ever': { clientIds: [RARE.client] },
  'a client that does not exist': { clientIds: ['none'] },
  '500 clients': { clientIds: Array.from({ length: 500 }, (_, index) => `client-${index}`) },
  'a type that never occurs': { types: ['key.change'] },
  'a rare type': { types: ['client.change'] },
  refusals: { result: 'refused' },
  'a reason with three occurrences': { reasons: [RARE.reason] },
  'refusals of a client': { ...client, result: 'refused' },
  'a frequent reason of a client that never has it': { reasons: ['wrong_secret'], clientIds: ['client-2'] },
  'an actor': { actor: 'ann' },
  'an actor that does not exist': { actor: 'nobody' },
  'a credential that does not exist': { credential: 'none' },
  'an API that does not exist': { audience: 'none' },
  'a week': { since },
  'a client in a week': { ...client, since },
  'a day three months ago': { since: since - 90 * DAY_MS, until: since - 89 * DAY_MS },
  'a rare reason in a week': { since, reasons: [RARE.reason] },
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function measure(kind: DatabaseKind, count: number, workspace: Workspace): Promise<number> {
  const made = await makeDatabase(kind, workspace, mkdtempSync(join(workspace.folder, 'search-')))
  const db = await made.open()
  const before = performance.now()
  await fillEvents(db, { count })
  say(`${kind}: ${count} events, filled and indexed in ${Math.round((performance.now() - before) / 1000)} s`)
  const { audit } = createStore(db, systemClock)
  let worst = 0
  for (const [name, filter] of Object.entries(filters)) {
    const times: number[] = []
    let found = 0
    let isLast = false
    for (let time = 0; time < TIMES; time += 1) {
      const from = performance.now()
      const page = await audit.queryEvents({ ...filter, limit: PAGE })
      times.push(performance.now() - from)
      found = page.events.length
      isLast = page.older === undefined
    }
    const median = times.toSorted((one, other) => one - other)[Math.floor(TIMES / 2)] ?? Number.NaN
    worst = Math.max(worst, median)
    say(`| ${kind} | ${name} | ${median.toFixed(1)} ms | ${found} events${isLast ? ', all' : ', and a cursor'} |`)
  }
  await db.close()
  return worst
}

async function main(): Promise<void> {
  const [kinds = 'sqlite,postgres', count = '10000000'] = process.argv.slice(2)
  const workspace = new Workspace()
  try {
    for (const kind of ['sqlite', 'postgres'] as const) {
      if (!kinds.includes(kind)) continue
      const worst = await measure(kind, Number(count), workspace)
      say(
        `${kind}: ${worst <= TARGET_MS ? 'reached' : 'NOT reached'}: the slowest page takes ${worst.toFixed(1)} ms of ${TARGET_MS}`,
      )
    }
  } finally {
    await workspace.close()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`searching: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
