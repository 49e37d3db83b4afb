import { z } from 'zod'
import { systemClock } from '../platform/clock.ts'
import { UsageError } from '../platform/user-error.ts'
import { type Resolution, resolutions } from '../usage/store.ts'
import type { Target } from './calls.ts'
import { parseDuration } from './duration.ts'
import { given } from './fleet-options.ts'
import { type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { print } from './output.ts'
import type { TargetOptions } from './target.ts'
import {
  type CredentialUsage,
  credentialLines,
  credentialUsage,
  rowLines,
  totalOf,
  type UsageRow,
  usageRow,
  wastefulLines,
  wastefulUse,
} from './usage-text.ts'

interface UsageOptions extends OutputOptions, TargetOptions {
  readonly client?: string
  readonly api?: string
  readonly credential?: string
  readonly owner?: string
  readonly by: string
  readonly since?: string
  readonly top?: true
  readonly wasteful?: true
}

const DEFAULT_SINCE = { minute: '1h', hour: '1d', day: '7d' } as const satisfies Record<Resolution, string>
const MOST_LISTED = '20'
const MOST_WASTEFUL = '100'

interface Asked {
  readonly window: { readonly resolution: Resolution; readonly since: string; readonly until: string }
  readonly filter: ReturnType<typeof given>
}

/** A part of the output: a heading, the data for programs, and the lines for people. */
interface Section {
  readonly name: string
  readonly heading: string
  readonly data: unknown
  readonly lines: readonly string[]
}

/** `tessera usage`: prints issued tokens and refused requests. */
export async function usage(options: UsageOptions): Promise<void> {
  const { top, wasteful } = options
  if (top && wasteful) throw new UsageError('give --top or --wasteful, not both')
  const asked = { window: windowOf(options), filter: filterOf(options) }
  await withTarget(options, async (target) => {
    const sections = await (top
      ? topSections(target, asked)
      : wasteful
        ? wastefulSections(target, asked)
        : usageSections(target, asked, options))
    report(sections, asked, options)
  })
}

/** @throws UserError if an option is not what it should be */
function windowOf({ by, since, wasteful }: UsageOptions): Asked['window'] {
  if (!isResolution(by)) throw new UsageError(`--by must be minute, hour or day, not ${JSON.stringify(by)}`)
  const until = systemClock.now()
  // A lifetime is a matter of hours.
  const resolution = wasteful && by === 'day' ? 'hour' : by
  const from = until - parseDuration(since ?? DEFAULT_SINCE[by], '--since')
  return { resolution, since: new Date(from).toISOString(), until: new Date(until).toISOString() }
}

const filterOf = ({ client, api, credential, owner }: UsageOptions) => given({ client, api, credential, owner })

const isResolution = (text: string): text is Resolution => Object.hasOwn(resolutions, text)

async function usageSections(target: Target, asked: Asked, { client, credential }: UsageOptions) {
  const series = await rowsOf(target, asked, 'time')
  const totals = totalOf(series)
  const details = client === undefined ? [] : await clientSections(target, asked, { client, credential })
  return [
    section('series', `by ${asked.window.resolution}`, series, 'TIME'),
    ...details,
    { name: 'totals', heading: '', data: totals, lines: [`${totals.issued} issued, ${totals.refused} refused`] },
  ]
}

async function clientSections(
  target: Target,
  asked: Asked,
  { client, credential: only }: { readonly client: string; readonly credential: string | undefined },
): Promise<readonly Section[]> {
  const answer = z.looseObject({ items: z.array(credentialUsage) })
  const input = { path: { client_id: client }, query: { ...asked.window } }
  const { items } = await target.call('usage.credentials', input, answer)
  const shown = items.filter(({ credential }: CredentialUsage) => only === undefined || credential === only)
  return [
    section('apis', 'by API', await rowsOf(target, asked, 'api'), 'API'),
    { name: 'credentials', heading: 'by credential, at all APIs', data: shown, lines: credentialLines(shown) },
  ]
}

async function topSections(target: Target, { window, filter }: Asked): Promise<readonly Section[]> {
  const answer = z.looseObject({ items: z.array(usageRow) })
  const sections: Section[] = []
  for (const kind of ['client', 'api'] as const) {
    for (const by of ['issued', 'refused'] as const) {
      const query = { ...window, ...filter, of: kind, by, limit: MOST_LISTED }
      const { items } = await target.call('usage.top', { query }, answer)
      const things = kind === 'client' ? 'clients' : 'APIs'
      const heading = `${things} with the most ${by === 'issued' ? 'tokens' : 'refused requests'}`
      sections.push(section(`${kind}s_by_${by}`, heading, items, kind === 'client' ? 'CLIENT' : 'API'))
    }
  }
  return sections
}

async function wastefulSections(target: Target, { window, filter }: Asked): Promise<readonly Section[]> {
  const query = { ...window, ...filter, limit: MOST_WASTEFUL }
  const { items } = await target.call('usage.wasteful', { query }, z.looseObject({ items: z.array(wastefulUse) }))
  const lines =
    items.length === 0 ? ['Every client keeps its tokens, as far as the counts show.'] : wastefulLines(items)
  return [{ name: 'wasteful', heading: '', data: items, lines }]
}

const rowsOf = (target: Target, { window, filter }: Asked, by: 'time' | 'api'): Promise<readonly UsageRow[]> =>
  target.list('usage.list', { query: { ...window, ...filter, by } }, usageRow)

const section = (name: string, heading: string, rows: readonly UsageRow[], title: string): Section => ({
  name,
  heading,
  data: rows,
  lines: rowLines(title, rows),
})

function report(sections: readonly Section[], { window }: Asked, options: OutputOptions): void {
  const data = { ...window, ...Object.fromEntries(sections.map((section) => [section.name, section.data])) }
  show(options, { data, forPeople: () => printSections(sections) })
}

function printSections(sections: readonly Section[]): void {
  for (const [index, { heading, lines }] of sections.entries()) {
    if (index > 0) print('')
    if (heading !== '') print(heading)
    for (const line of lines) print(line)
  }
}
