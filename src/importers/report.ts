import type { Draft } from './draft/draft.ts'
import type { Variable } from './manifest.ts'

/** The fate of an export, field by field, without any secret. */
export interface Report {
  readonly system: string
  readonly apis: number
  readonly clients: number
  /** The clients that the manifest does not have. */
  readonly left_out: readonly { readonly client: string; readonly reason: string }[]
  /** The variables that `tessera apply` needs. */
  readonly variables: readonly { readonly name: string; readonly client: string }[]
  readonly fields: Draft['notes']['groups']
  /** The number of further notes, for which the report has no room. */
  readonly omitted: number
}

export const reportOf = (
  system: string,
  { notes }: Draft,
  manifest: { readonly apis: readonly unknown[]; readonly clients: readonly unknown[] },
  variables: readonly Variable[],
): Report => ({
  system,
  apis: manifest.apis.length,
  clients: manifest.clients.length,
  left_out: notes.leftOut,
  variables: variables.map(({ name, client }) => ({ name, client })),
  fields: notes.groups,
  omitted: notes.omitted,
})

const HEADINGS = {
  differs: 'Kept, and different here:',
  dropped: 'Not in the manifest:',
  unknown: 'Fields that this importer does not know, and that are not in the manifest:',
  mapped: 'In the manifest:',
} as const

/** Names that one line lists. */
const MOST_THINGS_NAMED = 3
/** Lines of one part of a report for people. */
const MOST_LINES = 200

/** The report for people, a line each. */
export function reportLines({
  system,
  apis,
  clients,
  left_out: leftOut,
  variables,
  fields,
  omitted,
}: Report): readonly string[] {
  const byReason = Map.groupBy(leftOut, ({ reason }) => reason)
  return [
    `${system}: the manifest has ${counted(clients, 'client')} and ${counted(apis, 'API')}; ${counted(leftOut.length, 'client')} left out`,
    ...part(
      'Left out:',
      [...byReason].map(
        ([reason, all]) =>
          `${named(
            all.map(({ client }) => client),
            all.length,
          )}: ${reason}`,
      ),
    ),
    ...part(
      'Variables that `tessera apply` needs:',
      variables.map(({ name, client }) => `${name}: the secret of ${client}`),
    ),
    ...Object.entries(HEADINGS).flatMap(([outcome, heading]) =>
      part(heading, linesOf(fields.filter((group) => group.outcome === outcome))),
    ),
    ...(omitted > 0 ? ['', `${omitted} further notes have no room here`] : []),
  ]
}

/** Fields with the same fate share a line. */
function linesOf(groups: Report['fields']): readonly string[] {
  const textOf = ({ outcome, text, count, subjects }: Report['fields'][number]) =>
    outcome === 'mapped' ? ` → ${text}` : `${text === '' ? '' : `: ${text}`} (${named(subjects, count)})`
  return [...Map.groupBy(groups, textOf)].map(([text, all]) => all.map(({ path }) => path).join(', ') + text)
}

function part(heading: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return []
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more: --json has all`] : []
  return ['', heading, ...lines.slice(0, MOST_LINES).map((line) => `  ${line}`), ...more]
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function named(names: readonly string[], count: number): string {
  const listed = names.slice(0, MOST_THINGS_NAMED).join(', ')
  const more = count - Math.min(names.length, MOST_THINGS_NAMED)
  return more > 0 ? `${listed} and ${more} more` : listed
}
