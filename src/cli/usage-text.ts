import type { CredentialUsage } from '../management/usage/credentials.ts'
import type { UsageRow } from '../management/usage/read.ts'
import type { Wasteful } from '../management/usage/wasteful.ts'
import { printable } from './output.ts'

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
  const all = [...reasons].sort(([, one], [, other]) => other - one)
  const shown = all.slice(0, MOST_REASONS).map(([reason, count]) => `${reason} ${count}`)
  return [...shown, ...(all.length > MOST_REASONS ? [`and ${all.length - MOST_REASONS} more`] : [])].join(', ')
}

export const credentialLines = (rows: readonly CredentialUsage[]): readonly string[] =>
  table<CredentialUsage>(
    [
      { title: 'CREDENTIAL', of: ({ credential }) => credential.id },
      { title: 'LABEL', of: ({ credential }) => credential.label },
      { title: 'KIND', of: ({ credential }) => credential.kind },
      { title: 'ISSUED', of: ({ issued }) => issued },
      { title: 'SHARE', of: ({ share }) => (share === undefined ? '-' : `${Math.round(share * 100)}%`) },
      { title: 'REFUSED', of: ({ refused }) => refused },
      { title: 'LAST TOKEN', of: ({ lastIssuedAt }) => (lastIssuedAt === undefined ? '-' : timeText(lastIssuedAt)) },
    ],
    rows,
  )

export const wastefulLines = (rows: readonly Wasteful[]): readonly string[] => [
  ...table<Wasteful>(
    [
      { title: 'CLIENT', of: ({ client }) => client },
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
  ...rows.map(({ client, api, remedy }) => `${printable(client)} for ${printable(api)}: ${remedy}`),
]

const timeText = (time: number): string => new Date(time).toISOString().replace(/:00\.000Z$/, 'Z')

export const asJson = ({ key, issued, refused, reasons, tokenSeconds }: UsageRow) => ({
  key,
  issued,
  refused,
  reasons: Object.fromEntries(reasons),
  token_seconds: tokenSeconds,
})

export const credentialAsJson = ({ credential, share, lastIssuedAt, ...totals }: CredentialUsage) => {
  const { key, ...rest } = asJson({ key: credential.id, ...totals })
  return {
    credential: key,
    label: credential.label,
    kind: credential.kind,
    ...(credential.replaces && { replaces: credential.replaces.id }),
    ...rest,
    share,
    last_issued: lastIssuedAt === undefined ? undefined : new Date(lastIssuedAt).toISOString(),
  }
}

export const wastefulAsJson = ({ client, ...found }: Wasteful) => ({ client_id: client, ...found })
