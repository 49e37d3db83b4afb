/** How to look for a secret in what was kept or said. */

/** The ways in which a secret might stand somewhere: as it is, or as some part of the way encodes it. */
export function tracesOf(secret: string | Buffer): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  const texts = [
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    encodeURIComponent(bytes.toString()),
    new URLSearchParams([['', bytes.toString()]]).toString().slice(1),
    JSON.stringify(bytes.toString()).slice(1, -1),
    ...[0, 1, 2].flatMap((before) => (['base64', 'base64url'] as const).map((form) => within(bytes, before, form))),
  ]
  return [bytes, ...texts.map((text) => Buffer.from(text))]
}

/** What of it is the same in base64 whatever stands around it, where so many bytes stand before, counted by threes. */
function within(bytes: Buffer, before: number, form: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes])
    .toString(form)
    .replace(/=+$/, '')
  const first = Math.ceil((before * 8) / 6)
  const last = Math.floor(((before + bytes.length) * 8) / 6)
  return encoded.slice(first, last)
}

/** Where any trace of any secret is: what to call the place, and the secret. */
export function findTraces(
  secrets: Readonly<Record<string, readonly (string | Buffer)[]>>,
  places: Readonly<Record<string, string | Buffer>>,
): readonly string[] {
  return Object.entries(secrets).flatMap(([name, values]) => {
    const traces = values.flatMap(tracesOf)
    return Object.entries(places).flatMap(([place, held]) => {
      const bytes = Buffer.from(held)
      const at = traces.map((trace) => bytes.indexOf(trace)).find((index) => index !== -1)
      return at === undefined ? [] : [`${name} in ${place}: …${bytes.subarray(Math.max(0, at - 120), at + 40)}…`]
    })
  })
}
