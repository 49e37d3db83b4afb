import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extent } from '../../harness/extent.ts'
import { Log } from './setting.ts'

/** The columns that are evidence. Numbers of events are evidence of their order within a chain only. */
const COLUMNS = {
  audit_event: [
    ...['tenant', 'at', 'type', 'result', 'reason', 'client_id', 'remote_address', 'request_id', 'trace_id', 'detail'],
    ...['actor', 'changes', 'chain', 'place', 'hash'],
  ],
  audit_chain: ['id', 'kind', 'host', 'started_at', 'seed', 'after_seq', 'place', 'hash'],
  audit_checkpoint: ['number', 'at', 'statement', 'signature'],
  audit_removal: ['chain', 'first', 'last', 'hash', 'cause', 'at', 'kid', 'signature'],
  audit_key: ['number', 'kid', 'public_key', 'encrypted_private_key', 'master_key_id', 'statement', 'signature'],
} as const
type Table = keyof typeof COLUMNS
const tables = ['audit_event', 'audit_chain', 'audit_checkpoint', 'audit_removal', 'audit_key'] as const

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), successes: fc.nat(12), refusals: fc.nat(8) }),
  fc.constant({ kind: 'change' as const }),
  fc.constant({ kind: 'sign' as const }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900_000 }) }),
  fc.record({ kind: fc.constant('wrong clock' as const), by: fc.integer({ min: -3_000_000, max: 3_000_000 }) }),
  fc.record({ kind: fc.constant('prune' as const), refusals: fc.option(fc.nat(6), { nil: undefined }) }),
  fc.record({ kind: fc.constant('stop' as const), isClean: fc.boolean() }),
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

async function take(log: Log, one: Step): Promise<void> {
  switch (one.kind) {
    case 'write':
      return one.successes + one.refusals === 0 ? undefined : log.write(one.successes, one.refusals)
    case 'change':
      return log.change()
    case 'sign':
      return log.sign()
    case 'wait':
      log.now += one.ms
      return
    case 'wrong clock':
      log.now += one.by
      await log.write(2, 1)
      log.now -= one.by
      return
    case 'prune':
      return log.prune(one.refusals)
    case 'stop':
      return log.stop(one.isClean)
  }
}

/** One change by hand. */
const tampering = fc.record({
  table: fc.constantFrom<Table>(...tables),
  row: fc.nat(10_000),
  column: fc.nat(10_000),
  kind: fc.constantFrom('change', 'delete', 'delete range', 'copy', 'swap'),
})

type Row = Readonly<Record<string, unknown>>

/** Changes a row. @returns the row as it was; undefined if this tampering does not apply */
function tamper(
  log: Log,
  { table, row: at, column: which, kind }: typeof tampering extends fc.Arbitrary<infer One> ? One : never,
): Row | undefined {
  // A chain without an event, and one whose events were all removed and signed away, proves nothing.
  const where = table === 'audit_chain' ? 'where place > 0' : ''
  const rows: readonly Row[] = log.tamper(`select rowid as at_row, * from ${table} ${where} order by rowid`)
  const row = rows[at % Math.max(1, rows.length)]
  if (row === undefined) return undefined
  const rowid = Number(row['at_row'])
  if (kind === 'delete' || (kind === 'delete range' && table !== 'audit_event')) {
    log.tamper(`delete from ${table} where rowid = ?`, rowid)
    return row
  }
  if (kind === 'delete range') {
    log.tamper(
      'delete from audit_event where chain = ? and place >= ? and place < ?',
      Number(row['chain']),
      Number(row['place']),
      Number(row['place']) + 1 + (which % 5),
    )
    return row
  }
  if (kind === 'copy' || kind === 'swap') {
    if (table !== 'audit_event') return undefined
    if (kind === 'copy') {
      const names = COLUMNS.audit_event.join(', ')
      log.tamper(`insert into audit_event (${names}) select ${names} from audit_event where seq = ?`, rowid)
      return row
    }
    const next = rows.find((one) => one['chain'] === row['chain'] && Number(one['at_row']) > rowid)
    if (next === undefined) return undefined
    const other = Number(next['at_row'])
    log.tamper('update audit_event set seq = -1 where seq = ?', rowid)
    log.tamper('update audit_event set seq = ? where seq = ?', rowid, other)
    log.tamper('update audit_event set seq = ? where seq = -1', other)
    return row
  }
  const names = COLUMNS[table]
  const name = names[which % names.length] ?? 'hash'
  const value = row[name]
  const changed =
    typeof value === 'number'
      ? value + 1
      : value instanceof Uint8Array
        ? Uint8Array.from(value, (byte, index) => (index === 0 ? byte ^ 1 : byte))
        : `${value ?? ''}x`
  // A former key has no private part.
  if (value === null && table === 'audit_key') return undefined
  try {
    log.tamper(`update ${table} set ${name} = ? where rowid = ?`, changed, rowid)
  } catch {
    // The new value is taken.
    return undefined
  }
  return { ...row, name }
}

test('whatever servers did, the log verifies; and any one change by hand is found where it is', async () => {
  let tampered = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      fc.array(tampering, { minLength: 1, maxLength: 1 }),
      async (steps, [by]) => {
        const log = new Log()
        try {
          for (const one of steps) await take(log, one)
          await log.stop(false)
          expect(await log.verify()).toMatchObject({ faults: [] })
          const row = by && tamper(log, by)
          if (row === undefined) return
          tampered += 1
          const { faults, faultCount } = await log.verify()
          expect(faultCount, JSON.stringify(row)).toBeGreaterThan(0)
          if (by?.table !== 'audit_event' || row['name'] === 'chain' || row['name'] === 'place') return
          const places = faults.filter(({ chain }) => chain === row['chain']).map(({ place }) => place)
          expect(places, JSON.stringify(row)).toContain(row['place'])
        } finally {
          await log.remove()
        }
      },
    ),
    { numRuns: extent(40, 1_000) },
  )
  // Some of the changes that are drawn are impossible.
  expect(tampered).toBeGreaterThan(5)
})
