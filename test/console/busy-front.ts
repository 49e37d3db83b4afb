import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type ResourceServer, startResourceServer } from '../harness/resource-server.ts'
import type { TestServer } from '../harness/server.ts'

/** A server in front of another, which is busy at first: it refuses every other request for a token. */
export interface BusyFront extends ResourceServer {
  /** The status of each answer about a token, and the milliseconds since the one before. */
  readonly answers: { readonly status: number; readonly after: number }[]
}

/** Starts one. Its metadata name itself as the issuer. */
export async function startBusyFront(server: () => TestServer): Promise<BusyFront> {
  const answers: { status: number; after: number }[] = []
  let last = performance.now()
  const tell = (response: ServerResponse, status: number, headers: Record<string, string>, body: string) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  const front = await startResourceServer(async (request, response) => {
    const { issuer } = server()
    if (request.method !== 'POST') {
      const answer = await fetch(`${issuer}${request.url}`)
      tell(response, answer.status, {}, (await answer.text()).replaceAll(issuer, url))
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(request, 'end')
    const isBusy = answers.length % 2 === 0
    const { authorization, 'content-type': type = '' } = request.headers
    const answer = await fetch(`${issuer}${request.url}`, {
      method: 'POST',
      headers: { 'content-type': type, ...(authorization !== undefined && { authorization }) },
      body: Buffer.concat(chunks),
    })
    const now = performance.now()
    answers.push({ status: isBusy ? 503 : answer.status, after: now - last })
    last = now
    if (isBusy) tell(response, 503, { 'retry-after': '1' }, '{"error":"temporarily_unavailable"}')
    else tell(response, answer.status, {}, await answer.text())
  })
  const url = front.url.replace('127.0.0.1', 'localhost')
  return { ...front, url, answers }
}
