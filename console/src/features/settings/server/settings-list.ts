/** A setting by its full name, such as `token.lifetime`, with its value in readable lines. */
export interface Setting {
  readonly name: string
  readonly lines: readonly string[]
  /** The value as it is written, where the lines say it in another way. */
  readonly written?: string
}

export interface SettingGroup {
  /** Such as `token`, or `server` for those that belong to none. */
  readonly id: string
  readonly settings: readonly Setting[]
}

const SECONDS =
  /^(token\.lifetime|admin\.session_\w+|http\.\w+_timeout|assertions\.max_lifetime|keys\.\w+|shutdown\.\w+|storage_statement_timeout)$/
const MILLISECONDS = /^(outbound\.wait|storage_request_timeout)$/
const DAYS = /^(audit\.retention_days|usage\.(hours|days)_kept)$/
const HOURS = /^usage\.minutes_kept$/

const SIZES = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

const written = (value: number, unit: string): string =>
  new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(value)

/** A number with its unit. Seconds are said in the largest unit that has a whole number of them. */
function inUnit(name: string, value: number): string | undefined {
  if (MILLISECONDS.test(name)) return written(value, 'millisecond')
  if (DAYS.test(name)) return written(value, 'day')
  if (HOURS.test(name)) return written(value, 'hour')
  if (!SECONDS.test(name)) return undefined
  const [unit, size] = SIZES.find(([, seconds]) => value > 0 && value % seconds === 0) ?? ['second', 1]
  return written(value / size, unit)
}

function settingOf(name: string, value: unknown): Setting {
  if (typeof value === 'number') {
    const said = inUnit(name, value)
    return said === undefined
      ? { name, lines: [name.endsWith('.port') ? String(value) : value.toLocaleString('en')] }
      : { name, lines: [said], ...(!said.startsWith(`${value} `) && { written: String(value) }) }
  }
  const lines = (Array.isArray(value) ? value : [value]).map((one) =>
    typeof one === 'object' ? JSON.stringify(one) : String(one),
  )
  return { name, lines }
}

/** Settings of the first level stand with those that they belong to. */
const groupOf = (name: string): string => /^(storage|manifest)/.exec(name)?.[0] ?? 'server'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The settings as groups, of which only those are kept that contain a text. @param order the ids of the groups, as they are shown */
export function settingGroups(
  settings: Readonly<Record<string, unknown>>,
  find: string,
  order: readonly string[],
): readonly SettingGroup[] {
  const groups = new Map<string, Setting[]>(order.map((id) => [id, []]))
  const add = (group: string, setting: Setting) => groups.set(group, [...(groups.get(group) ?? []), setting])
  for (const [name, value] of Object.entries(settings)) {
    if (isObject(value)) {
      for (const [part, inner] of Object.entries(value)) add(name, settingOf(`${name}.${part}`, inner))
    } else add(groupOf(name), settingOf(name, value))
  }
  const wanted = find.trim().toLowerCase()
  const fits = ({ name, lines, written: as = '' }: Setting) =>
    [name, as, ...lines].some((text) => text.toLowerCase().includes(wanted))
  return [...groups].map(([id, all]) => ({ id, settings: all.filter(fits) })).filter((one) => one.settings.length > 0)
}
