import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { z } from 'zod'

/** The address of a listener on this machine. */
export interface Asked {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
}

/** How long to wait for an answer. Milliseconds. */
export const PATIENCE = 2_000
/** The most bytes of an answer. */
const LONGEST_ANSWER = 64 * 1024

/**
 * Asks the process that listens on an address of this machine whether it is Tessera.
 * @param metadata the path of the metadata of the expected issuer
 * @returns its issuer, which is undefined for a server that answers only its proxies; undefined for any other program
 */
export async function issuerAt(
  address: Asked,
  metadata: string,
): Promise<{ readonly issuer: string | undefined } | undefined> {
  const answer = await ask(address, metadata)
  if (answer === undefined || answer.requestId === undefined) return undefined
  const { issuer, error } = answer.json
  if (typeof issuer === 'string') return { issuer }
  return answer.status === 403 && error === 'invalid_request' ? { issuer: undefined } : undefined
}

/** Whether a Tessera server listens for administrators at an address of this machine. */
export async function isAdminAt(address: Asked): Promise<boolean> {
  return (await healthAt(address, '/healthz'))?.status === 200
}

/** The body of `/healthz` and `/readyz`. */
const health = z.object({ status: z.string(), reasons: z.array(z.string()).optional() })

/** The health of a server. */
export interface HealthAnswer {
  readonly status: number
  /** The reasons of a server that should get no requests, one line each. */
  readonly reasons: readonly string[]
}

/**
 * Asks the server that listens for administrators at an address of this machine for its health.
 * @param path `/healthz` or `/readyz`
 * @returns undefined if Tessera does not answer there within `PATIENCE`
 */
export async function healthAt(address: Asked, path: '/healthz' | '/readyz'): Promise<HealthAnswer | undefined> {
  const answer = await ask(address, path)
  const { status, reasons = [] } = health.safeParse(answer?.json).data ?? {}
  if (answer?.requestId === undefined || status !== (answer.status === 200 ? 'ok' : 'unavailable')) return undefined
  return { status: answer.status, reasons }
}

interface Answer {
  readonly status: number
  readonly requestId: string | undefined
  readonly json: Readonly<Record<string, unknown>>
}

/** Sends a request without checking the certificate: the request has no secret, and the answer is only compared. */
function ask({ host, port, isTls }: Asked, path: string): Promise<Answer | undefined> {
  const options = { host: hereOf(host), port, path, timeout: PATIENCE, signal: AbortSignal.timeout(PATIENCE) }
  return new Promise((resolve) => {
    const sent = isTls ? requestTls({ ...options, rejectUnauthorized: false }) : requestPlain(options)
    sent.on('error', () => resolve(undefined))
    sent.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response
      const requestId = answered['x-request-id']
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > LONGEST_ANSWER) response.destroy()
      })
      response.on('error', () => resolve(undefined))
      response.on('close', () =>
        resolve({ status, requestId: typeof requestId === 'string' ? requestId : undefined, json: parse(text) }),
      )
    })
    sent.end()
  })
}

/**
 * The address at which this machine reaches the listener. A listener on every address is reached at the loopback
 * address.
 */
const hereOf = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)

function parse(text: string): Answer['json'] {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? { ...json } : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
