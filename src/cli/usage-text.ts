import { z } from 'zod'
import { printable } from './output.ts'

const sums = {
  issued: z.int(),
  refused: z.int(),
  reasons: z.record(z.string(), z.int()),
  token_seconds: z.number(),
} as const

/** Usage in the answers of the admin API. */
export const usageRow = z.looseObject({ key: z.string(), ...sums })
export const credentialUsage = z.looseObject({
  credential: z.string(),
  label: z.string(),
  kind: z.string(),
  replaces: z.string().optional(),
  ...sums,
  share: z.number().optional(),
  last_issued: z.string().optional(),
})
export const wastefulUse = z.looseObject({
  client_id: z.string(),
  api: z.string(),
  issued: z.int(),
  lifetime: z.number(),
  needed: z.number(),
  ratio: z.number(),
  alive: z.number(),
  remedy: z.string(),
})

export type UsageRow = z.output<typeof usageRow>
export type CredentialUsage = z.output<typeof credentialUsage>
type Wasteful = z.output<typeof wastefulUse>

/** The sum of rows. */
export function totalOf(rows: readonly UsageRow[]): UsageRow {
  const reasons = new Map<string, number>()
  for (const row of rows)
    for (const [reason, count] of Object.entries(row.reasons)) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  const sum = (of: (row: UsageRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    key: 'total',
    issued: sum(({ issued }) => issued),
    refused: sum(({ refused }) => refused),
    reasons: Object.fromEntries(reasons),
    token_seconds: sum(({ token_seconds: seconds }) => seconds),
  }
}

/** The reasons of refusals that a line shows. */
const MOST_REASONS = 3

interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string | number
}

/** Lines with aligned columns: numbers to the right, text to the left. */
function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ['nothing']
  const cells = rows.map((row) => columns.map(({ of }) => of(row)))
  const texts = cells.map((row) => row.map((cell) => printable(String(cell))))
  const isNumber = columns.map((_, at) => cells.every((row) => typeof row[at] === 'number'))
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...texts.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((text, at) => (isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...texts.map(line)]
}

const NAMES: Readonly<Record<string, string>> = { CLIENT: '(others)', API: '(none named)' }

/** @param title the title of the first column */
export const rowLines = (title: string, rows: readonly UsageRow[]): readonly string[] =>
  table<UsageRow>(
    [
      { title, of: ({ key }) => (key === '' ? (NAMES[title] ?? '') : key.replace(/:00\.000Z$/, 'Z')) },
      { title: 'ISSUED', of: ({ issued }) => issued },
      { title: 'REFUSED', of: ({ refused }) => refused },
      { title: 'REASONS', of: reasonsText },
    ],
    rows,
  )

function reasonsText({ reasons }: Pick<UsageRow, 'reasons'>): string {
  const all = Object.entries(reasons).sort(([, one], [, other]) => other - one)
  const shown = all.slice(0, MOST_REASONS).map(([reason, count]) => `${reason} ${count}`)
  return [...shown, ...(all.length > MOST_REASONS ? [`and ${all.length - MOST_REASONS} more`] : [])].join(', ')
}

export const credentialLines = (rows: readonly CredentialUsage[]): readonly string[] =>
  table<CredentialUsage>(
    [
      { title: 'CREDENTIAL', of: ({ credential }) => credential },
      { title: 'LABEL', of: ({ label }) => label },
      { title: 'KIND', of: ({ kind }) => kind },
      { title: 'ISSUED', of: ({ issued }) => issued },
      { title: 'SHARE', of: ({ share }) => (share === undefined ? '-' : `${Math.round(share * 100)}%`) },
      { title: 'REFUSED', of: ({ refused }) => refused },
      { title: 'LAST TOKEN', of: ({ last_issued: at }) => at?.replace(/:00\.000Z$/, 'Z') ?? '-' },
    ],
    rows,
  )

export const wastefulLines = (rows: readonly Wasteful[]): readonly string[] => [
  ...table<Wasteful>(
    [
      { title: 'CLIENT', of: ({ client_id: client }) => client },
      { title: 'API', of: ({ api }) => api },
      { title: 'ISSUED', of: ({ issued }) => issued },
      { title: 'NEEDED', of: ({ needed }) => needed },
      { title: 'RATIO', of: ({ ratio }) => ratio },
      { title: 'LIFETIME', of: ({ lifetime }) => `${lifetime} s` },
      { title: 'ALIVE AT ONCE', of: ({ alive }) => alive },
    ],
    rows,
  ),
  '',
  ...rows.map(({ client_id: client, api, remedy }) => `${printable(client)} for ${printable(api)}: ${remedy}`),
]
