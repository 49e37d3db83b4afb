/** The search for secrets in stored data and output. */

/** Every form that a secret might have somewhere: plain, or within a larger encoded text. */
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

/** The base64 of the secret that doesn't depend on its neighbours, if it follows this many bytes, modulo three. */
function within(bytes: Buffer, before: number, form: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes])
    .toString(form)
    .replace(/=+$/, '')
  const first = Math.ceil((before * 8) / 6)
  const last = Math.floor(((before + bytes.length) * 8) / 6)
  return encoded.slice(first, last)
}

/** Every place that has a trace of a secret, each with the secret's name and the text around it. */
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
