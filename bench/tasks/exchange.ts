import { type BenchClient, basic } from '../fleet.ts'
import type { Requests } from '../load/order.ts'

/** An answer of status 200, its JSON parsed. */
export interface Answer {
  readonly headers: Headers
  readonly bytes: number
  readonly json: Readonly<Record<string, unknown>>
}

/** Posts a form as a client. Rejects for any status but 200. */
export async function post(origin: string, path: string, client: BenchClient, body: string): Promise<Answer> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { Authorization: basic(client), 'Content-Type': 'application/x-www-form-urlencoded' },
    body,
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`)
  return { headers: response.headers, bytes: Buffer.byteLength(text), json: JSON.parse(text) }
}

/** The same post as the load sends it, by many clients or of many forms: `values` stand where `SLOT` does. */
export function requestsTo(
  origin: string,
  path: string,
  post: { readonly authorization: string; readonly body: string; readonly bodyLength: number },
  values: readonly string[],
): Requests {
  const { host, port } = new URL(origin)
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: tessera-bench',
    'Accept: application/json',
    `Authorization: ${post.authorization}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${post.bodyLength}`,
    '',
    post.body,
  ]
  const [head = '', tail = ''] = lines.join('\r\n').split(SLOT)
  return { port: Number(port), head, values, tail }
}

/** Stands for what differs; nothing of ours contains it. */
export const SLOT = '{}'

/** @throws Error that says what is wrong */
export function expect(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, not ${expected}`)
}
