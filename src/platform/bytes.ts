/**
 * The same text, in memory of its own. V8 keeps a whole text for as long as any part that was cut from it is used: 20
 * characters of a form could keep 64 KiB.
 */
export const detached = (text: string): string => JSON.parse(JSON.stringify(text))

/** The first characters of a text, in memory of their own. */
export const start = (text: string, most: number): string => detached(text.slice(0, most))

/** Bytes that an object or array takes beside its members, roughly. */
const PER_OBJECT = 64

/**
 * Roughly the bytes that a value takes in memory, for caches that are bounded in bytes. It follows objects and arrays,
 * counts text at two bytes a character, and must not be given anything circular.
 */
export function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return PER_OBJECT + value.byteLength
  let bytes = PER_OBJECT
  for (const [name, member] of Object.entries(value)) bytes += name.length + approximateBytes(member)
  return bytes
}
