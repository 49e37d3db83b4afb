import { type CredentialUsage, usageOfCredentials } from '../management/usage/credentials.ts'
import { readTotals, readUsage, type UsageKey, type UsageRow } from '../management/usage/read.ts'
import { topUsage } from '../management/usage/top.ts'
import type { Totals } from '../management/usage/totals.ts'
import { listWasteful } from '../management/usage/wasteful.ts'
import type { UsageWindow } from '../management/usage/window.ts'
import { Audience, ClientId, CredentialId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { type Resolution, resolutions } from '../usage/store.ts'
import { managementContext, withDatabase } from './database.ts'
import { parseDuration } from './duration.ts'
import { type OutputOptions, show } from './format.ts'
import { print } from './output.ts'
import { asJson, credentialAsJson, credentialLines, rowLines, wastefulAsJson, wastefulLines } from './usage-text.ts'

interface UsageOptions extends OutputOptions {
  readonly client?: string
  readonly api?: string
  readonly credential?: string
  readonly owner?: string
  readonly by: string
  readonly since?: string
  readonly top?: true
  readonly wasteful?: true
  readonly config?: string
}

const DEFAULT_SINCE = { minute: '1h', hour: '1d', day: '7d' } as const satisfies Record<Resolution, string>
const PAGE = 1_000
const MOST_LISTED = 20
const MOST_WASTEFUL = 100

type Context = ReturnType<typeof managementContext>

/** A part of the output: a heading, the data for programs, and the lines for people. */
interface Section {
  readonly name: string
  readonly heading: string
  readonly data: unknown
  readonly lines: readonly string[]
}

/** `tessera usage`: prints issued tokens and refused requests. */
export async function usage(options: UsageOptions): Promise<void> {
  const { top, wasteful, config } = options
  if (top && wasteful) throw new UserError('give --top or --wasteful, not both')
  const window = windowOf(options)
  await withDatabase(config, async (opened) => {
    const context = managementContext(opened)
    const read = top ? topSections : wasteful ? wastefulSections : usageSections
    report(await read(context, window), window, options)
  })
}

/** @throws UserError if an option is not what it should be */
function windowOf({ client, api, credential, owner, by, since, wasteful }: UsageOptions): UsageWindow {
  if (!isResolution(by)) throw new UserError(`--by must be minute, hour or day, not ${JSON.stringify(by)}`)
  const until = systemClock.now()
  // A lifetime is a matter of hours.
  const resolution = wasteful && by === 'day' ? 'hour' : by
  return {
    resolution,
    since: until - parseDuration(since ?? DEFAULT_SINCE[by], '--since'),
    until,
    filter: {
      ...(client !== undefined && { clients: [ClientId(client)] }),
      ...(owner !== undefined && { owners: [owner] }),
      ...(api !== undefined && { api: Audience(api) }),
      ...(credential !== undefined && { credential: CredentialId(credential) }),
    },
  }
}

const isResolution = (text: string): text is Resolution => Object.hasOwn(resolutions, text)

async function usageSections(context: Context, window: UsageWindow): Promise<readonly Section[]> {
  const totals = await readTotals(context, window)
  const series = await rowsOf(context, window, 'time')
  const [client] = window.filter.clients ?? []
  const details = client === undefined ? [] : await clientSections(context, window, client)
  return [
    section('series', `by ${window.resolution}`, series, 'TIME'),
    ...details,
    { name: 'totals', heading: '', data: asJson({ key: 'total', ...totals }), lines: [totalLine(totals)] },
  ]
}

async function clientSections(context: Context, window: UsageWindow, client: ClientId): Promise<readonly Section[]> {
  const { resolution, since, until } = window
  const credentials = await usageOfCredentials(context, { client, resolution, since, until })
  const only = window.filter.credential
  const shown = credentials.filter(({ credential }: CredentialUsage) => only === undefined || credential.id === only)
  return [
    section('apis', 'by API', await rowsOf(context, window, 'api'), 'API'),
    {
      name: 'credentials',
      heading: 'by credential, at all APIs',
      data: shown.map(credentialAsJson),
      lines: credentialLines(shown),
    },
  ]
}

async function topSections(context: Context, window: UsageWindow): Promise<readonly Section[]> {
  const sections: Section[] = []
  for (const of of ['client', 'api'] as const) {
    for (const by of ['issued', 'refused'] as const) {
      const rows = await topUsage(context, { ...window, of, by, limit: MOST_LISTED })
      const what = of === 'client' ? 'clients' : 'APIs'
      const heading = `${what} with the most ${by === 'issued' ? 'tokens' : 'refused requests'}`
      sections.push(section(`${of}s_by_${by}`, heading, rows, of === 'client' ? 'CLIENT' : 'API'))
    }
  }
  return sections
}

async function wastefulSections(context: Context, window: UsageWindow): Promise<readonly Section[]> {
  const found = await listWasteful(context, { ...window, limit: MOST_WASTEFUL })
  const lines =
    found.length === 0 ? ['Every client keeps its tokens, as far as the counts show.'] : wastefulLines(found)
  return [{ name: 'wasteful', heading: '', data: found.map(wastefulAsJson), lines }]
}

async function rowsOf(context: Context, window: UsageWindow, by: UsageKey): Promise<readonly UsageRow[]> {
  const rows: UsageRow[] = []
  let after: string | undefined
  do {
    const page = await readUsage(context, { ...window, by, after, limit: PAGE })
    rows.push(...page.rows)
    after = page.next
  } while (after !== undefined)
  return rows
}

const section = (name: string, heading: string, rows: readonly UsageRow[], title: string): Section => ({
  name,
  heading,
  data: rows.map(asJson),
  lines: rowLines(title, rows),
})

const totalLine = ({ issued, refused }: Totals): string => `${issued} issued, ${refused} refused`

function report(sections: readonly Section[], { resolution, since, until }: UsageWindow, options: OutputOptions): void {
  const of = { resolution, since: new Date(since).toISOString(), until: new Date(until).toISOString() }
  const data = { ...of, ...Object.fromEntries(sections.map((section) => [section.name, section.data])) }
  show(options, { data, forPeople: () => printSections(sections) })
}

function printSections(sections: readonly Section[]): void {
  for (const [index, { heading, lines }] of sections.entries()) {
    if (index > 0) print('')
    if (heading !== '') print(heading)
    for (const line of lines) print(line)
  }
}
