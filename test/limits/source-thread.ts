/** A source of documents on its own thread, so that its work isn't counted as the fetcher's. */

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import type { Certificate } from '../harness/source.ts'

/** The answer for each path: its head, and its body in pieces. */
export interface SourceData {
  readonly certificate: Certificate
  readonly answers: Readonly<
    Record<
      string,
      { readonly status: number; readonly headers: Record<string, string>; readonly pieces: readonly string[] }
    >
  >
}

const { certificate, answers }: SourceData = workerData

const server = createServer(certificate, (request, response) => {
  const { status, headers, pieces } = answers[decodeURIComponent(request.url ?? '')] ?? {
    status: 404,
    headers: {},
    pieces: [],
  }
  response.on('error', () => {})
  response.writeHead(status, headers)
  const next = (index: number): void => {
    const piece = pieces[index]
    if (piece === undefined || response.destroyed) response.end()
    else response.write(piece, () => next(index + 1))
  }
  next(0)
})
server.listen({ port: 0, host: '127.0.0.1' }, () => parentPort?.postMessage((server.address() as AddressInfo).port))
