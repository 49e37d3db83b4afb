/**
 * Copies a text into its own memory. V8 keeps a whole text while any slice of it is used, so 20 characters of a form could keep
 * 64 KiB.
 */
export const detached = (text: string): string => JSON.parse(JSON.stringify(text))

/** The first characters of a text, in their own memory. */
export const start = (text: string, most: number): string => detached(text.slice(0, most))

/** The approximate bytes of an object or array without its members. */
const PER_OBJECT = 64

/**
 * The approximate bytes of a value in memory, for caches that are bounded in bytes. It follows objects and arrays and counts two
 * bytes per character of text. The value must not be circular.
 */
export function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return PER_OBJECT + value.byteLength
  let bytes = PER_OBJECT
  for (const [name, member] of Object.entries(value)) bytes += name.length + approximateBytes(member)
  return bytes
}
