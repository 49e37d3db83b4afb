/** Values of the address are typed by people. Each of these reads one, and drops what it can't read. */

type Search = Readonly<Record<string, unknown>>

export const text = (search: Search, name: string): string | undefined => {
  const value = search[name]
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export const oneOf = <Value extends string>(
  search: Search,
  name: string,
  values: readonly Value[],
): Value | undefined => values.find((value) => value === search[name])

/** A text or a list of texts. */
export const texts = (search: Search, name: string): readonly string[] | undefined => {
  const value = search[name]
  const list = (Array.isArray(value) ? value : [value]).filter(
    (one): one is string => typeof one === 'string' && one !== '',
  )
  return list.length > 0 ? list : undefined
}
