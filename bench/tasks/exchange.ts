import { type BenchClient, basic } from '../fleet.ts'
import type { Requests, SignedValue } from '../load/order.ts'

/** An answer of status 200 with its JSON parsed. */
export interface Answer {
  readonly headers: Headers
  readonly bytes: number
  readonly json: Readonly<Record<string, unknown>>
}

/** Posts a form as a client. Rejects for any status except 200. */
export const post = (origin: string, path: string, client: BenchClient, body: string): Promise<Answer> =>
  send(origin + path, { Authorization: basic(client) }, body)

/** Posts a form. Rejects for any status except 200. */
export async function send(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body,
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`)
  return { headers: response.headers, bytes: Buffer.byteLength(text), json: JSON.parse(text) }
}

interface Post {
  /** The headers that authenticate the client, and those of further proofs. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bodyLength: number
}

/** The same request as the load sends it, by many clients or of many forms. `values` replace `SLOT`. */
export function requestsTo(
  origin: string,
  path: string,
  post: Post,
  values: readonly string[] | SignedValue,
): Requests {
  const { host, port } = new URL(origin)
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: tessera-bench',
    'Accept: application/json',
    ...Object.entries(post.headers).map(([name, value]) => `${name}: ${value}`),
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${post.bodyLength}`,
    '',
    post.body,
  ]
  const [head = '', tail = ''] = lines.join('\r\n').split(SLOT)
  const common = { port: Number(port), head, tail }
  return 'privateKey' in values ? { ...common, values: [], signed: values } : { ...common, values }
}

/** Marks the varying part. None of our requests contains it otherwise. */
export const SLOT = '{}'

/** @throws Error with both values */
export function expect(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, not ${expected}`)
}
