import { request } from 'node:https'
import type { Readable } from 'node:stream'
import type { CustomFetchOptions } from 'openid-client'

/** The certificate of a client and its private key, in PEM. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

/** Bytes of an answer. No token is longer. */
const LONGEST_ANSWER = 1024 * 1024

/** Node's `fetch` can't present a client certificate (RFC 8705 §2). This one can. It follows no redirect. */
export const certificateFetch =
  ({ cert, key }: ClientCertificate) =>
  (url: string, { body, method, headers, signal }: CustomFetchOptions): Promise<Response> =>
    new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => reject(new TypeError('fetch failed', { cause }))
      try {
        const sending = request(
          url,
          { method, headers, cert, key, ...(signal !== undefined && { signal }) },
          (answer) => {
            readAll(answer).then(
              (text) =>
                resolve(new Response(text, { status: answer.statusCode ?? 500, headers: single(answer.headers) })),
              fail,
            )
          },
        )
        sending.on('error', fail)
        sending.end(body === undefined || body === null ? undefined : String(body))
      } catch (error) {
        fail(error)
      }
    })

const single = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]))

async function readAll(answer: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > LONGEST_ANSWER) throw new Error('the answer is too long')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
