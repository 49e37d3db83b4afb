import type { IncomingHttpHeaders } from 'node:http'
import type { ReadCertificate } from '../crypto/x509/peer.ts'
import type { RequestId } from '../oauth/ids.ts'
import type { HttpRequest, RequestFacts } from './message.ts'

/** The rest of a request, beside its facts. */
interface Rest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly query: string
  readonly body: Buffer
}

/** A request whose body is there. It is a class, since V8 makes every literal with a getter an object of its own kind. */
export class CompleteRequest implements HttpRequest {
  readonly requestId: RequestId
  readonly at: number
  readonly remoteAddress: string
  readonly traceId: string | undefined
  readonly userAgent: string | undefined
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly query: string
  readonly body: Buffer
  readonly #readCertificate: () => ReadCertificate

  constructor(
    { requestId, at, remoteAddress, traceId, userAgent }: RequestFacts,
    { method, path, headers, query, body }: Rest,
    readCertificate: () => ReadCertificate,
  ) {
    this.requestId = requestId
    this.at = at
    this.remoteAddress = remoteAddress
    this.traceId = traceId
    this.userAgent = userAgent
    this.method = method
    this.path = path
    this.headers = headers
    this.query = query
    this.body = body
    this.#readCertificate = readCertificate
  }

  /** Only endpoints of clients read it, since parsing a chain takes longer than answering with a document. */
  get certificate(): ReadCertificate {
    return this.#readCertificate()
  }
}
