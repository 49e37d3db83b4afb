import { actorOf } from '../event/words.ts'
import type { AuditEvent } from '../queries.ts'
import { row } from './csv.ts'

export type Format = 'jsonl' | 'csv'

/** A way to write events into a file. */
interface Writing {
  readonly type: string
  readonly head: string
  readonly line: (event: AuditEvent) => string
}

const columns: readonly (readonly [name: string, value: (event: AuditEvent) => unknown])[] = [
  ['seq', ({ seq }) => seq],
  ['time', ({ time }) => time],
  ['type', ({ type }) => type],
  ['result', ({ result }) => result],
  ['reason', ({ reason }) => reason],
  ['client_id', ({ client_id: id }) => id],
  ['actor', actorOf],
  ['way', ({ actor }) => actor?.way],
  ['remote_address', ({ remote_address: address }) => address],
  ['request_id', ({ request_id: id }) => id],
  ['trace_id', ({ trace_id: id }) => id],
  ['detail', ({ detail }) => detail],
  ['changes', ({ changes }) => changes],
]

export const writings: Readonly<Record<Format, Writing>> = {
  jsonl: { type: 'application/jsonl', head: '', line: (event) => `${JSON.stringify(event)}\n` },
  csv: {
    type: 'text/csv;charset=utf-8',
    head: row(columns.map(([name]) => name)),
    line: (event) => row(columns.map(([, value]) => value(event))),
  },
}
