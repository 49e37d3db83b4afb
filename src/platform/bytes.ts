/**
 * Copies a text into its own memory. V8 keeps a whole text while any slice of it is used, so 20 characters of a form could keep
 * 64 KiB.
 */
export const detached = (text: string): string => JSON.parse(JSON.stringify(text))

/** The first characters of a text, in their own memory. */
export const start = (text: string, most: number): string => detached(text.slice(0, most))

/** Bytes in V8 on a system of 64 bits, without the content of texts and buffers. */
const BYTES = { object: 32, empty: 64, list: 40, elements: 16, member: 8, text: 24, fraction: 16, buffer: 256 }
/**
 * The approximate bytes of a value in memory, for caches that are bounded in bytes. It follows objects and arrays and counts two
 * bytes per character of text. A frozen value counts as nothing, since those that freeze one keep it for many. The value must not be
 * circular.
 * @param bytesOfNames the bytes of the names of an object. By default they are none, as for objects that the code of this server makes
 */
export function approximateBytes(value: unknown, bytesOfNames: (names: readonly string[]) => number = () => 0): number {
  if (typeof value === 'string') return BYTES.text + 2 * value.length
  if (typeof value === 'number') return Number.isSafeInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : BYTES.fraction
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return 0
  if (ArrayBuffer.isView(value)) return BYTES.buffer + value.byteLength
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  const own = Array.isArray(value)
    ? BYTES.list + (members.length > 0 ? BYTES.elements : 0)
    : members.length > 0
      ? BYTES.object + bytesOfNames(Object.keys(value))
      : BYTES.empty
  return members.reduce<number>((sum, member) => sum + BYTES.member + approximateBytes(member, bytesOfNames), own)
}
