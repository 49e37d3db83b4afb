import { type Agent, request } from 'node:https'

/** The answer to a request. */
export interface Answer {
  readonly status: number
  /** Empty if the answer has none. */
  readonly requestId: string
  readonly body: string
  readonly retryAfter: string | undefined
}

/** `POST`s a form over the agent's connections, without retries. Rejects if the connection fails. */
export function postOver(
  agent: Agent,
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
    const sent = request(url, { method: 'POST', agent, headers: all }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          requestId: String(response.headers['x-request-id'] ?? ''),
          body: Buffer.concat(chunks).toString(),
          retryAfter: response.headers['retry-after'],
        }),
      )
    })
    sent.on('error', reject)
    sent.end(new URLSearchParams(form).toString())
  })
}
