const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const isUnit = (text: string): text is keyof typeof UNITS => Object.hasOwn(UNITS, text)

/** Reads a duration such as `90s`, `10m`, `24h` or `90d`. @returns milliseconds; undefined for any other text */
export function readDuration(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  return isUnit(unit) ? Number(count) * UNITS[unit] : undefined
}
