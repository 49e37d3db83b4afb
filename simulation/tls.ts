/**
 * Measures the cost of TLS for a server, beyond plain HTTP: `node simulation/tls.ts`. Prints JSON, microseconds of the server's
 * processor time each, for `tls_us` of `constants.json`. The server is a process of its own, set up as ours is
 * (`src/http/listener.ts`), and does nothing but answer.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, Agent as HttpAgent, request as httpRequest, type RequestListener } from 'node:http'
import { createServer as createTlsServer, Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type AddressInfo, connect as connectPlain, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { ensureCertificate } from '../src/cli/dev/certificate.ts'
import { systemClock } from '../src/platform/clock.ts'
import { systemRandom } from '../src/platform/random.ts'

const CONNECTIONS = 1_500
/** On so many connections at once, as a busy server has them: one that waits between any two measures its waking up. */
const LANES = 16
const REQUESTS_OF_LANE = 250
/** Plain and TLS in turn, so that whatever else the machine does hits both; the median counts. */
const ROUNDS = 7
const WARMUP = 300
/** About as long as the answer with a token. */
const ANSWER = 'x'.repeat(700)
const FORM = 'grant_type=client_credentials&scope=edit'

/** The first message of the server. */
interface Ports {
  readonly plain: number
  readonly tls: number
}

async function serve(folder: string): Promise<void> {
  const { cert, key } = ensureCertificate(folder, systemClock, systemRandom)
  const answer: RequestListener = (request, response) => {
    request.resume().on('end', () => response.end(ANSWER))
  }
  const pem = { cert: readFileSync(cert), key: readFileSync(key) }
  const listen = async (server: Server): Promise<number> => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return (server.address() as AddressInfo).port
  }
  const plain = await listen(createServer(answer))
  const tls = await listen(createTlsServer({ ...pem, requestCert: true, rejectUnauthorized: false }, answer))
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.(user + system)
  })
  process.once('disconnect', () => process.exit())
  process.send?.({ plain, tls } satisfies Ports)
}

async function measure(folder: string): Promise<object> {
  const server = fork(import.meta.filename, ['--serve', folder])
  try {
    const [ports]: Ports[] = await once(server, 'message')
    if (ports === undefined) throw new Error('the server did not say where it listens')
    const cpu = async (): Promise<number> => {
      server.send('cpu')
      const [used]: number[] = await once(server, 'message')
      return used ?? Number.NaN
    }
    /** Microseconds for each; the first few are not counted. */
    const each = async (count: number, work: () => Promise<void>): Promise<number> => {
      for (let done = 0; done < WARMUP; done += 1) await work()
      const before = await cpu()
      for (let done = 0; done < count; done += 1) await work()
      return ((await cpu()) - before) / count
    }
    const base = { host: '127.0.0.1', port: ports.tls, rejectUnauthorized: false } satisfies ConnectionOptions
    const session = await firstSession(base)
    const resumed = { ...base, session }
    const connection = await each(CONNECTIONS, () => closing(connectPlain(ports.plain, '127.0.0.1'), 'connect'))
    const full = await each(CONNECTIONS, () => closing(connectTls(base), 'secureConnect'))
    let reused = 0
    const again = await each(CONNECTIONS, async () => {
      const socket = connectTls(resumed)
      socket.once('secureConnect', () => {
        if (socket.isSessionReused()) reused += 1
      })
      await closing(socket, 'secureConnect')
    })
    if (reused !== WARMUP + CONNECTIONS) throw new Error(`only ${reused} sessions were resumed`)
    const plainAgent = new HttpAgent({ keepAlive: true, maxSockets: LANES })
    const tlsAgent = new HttpsAgent({ keepAlive: true, maxSockets: LANES, rejectUnauthorized: false })
    const round = async (request: typeof httpRequest, port: number, agent: HttpAgent): Promise<number> => {
      const lane = async (): Promise<void> => {
        for (let asked = 0; asked < REQUESTS_OF_LANE; asked += 1) await ask(request, port, agent)
      }
      const before = await cpu()
      await Promise.all(Array.from({ length: LANES }, lane))
      return ((await cpu()) - before) / (LANES * REQUESTS_OF_LANE)
    }
    const differences: number[] = []
    for (let done = 0; done <= ROUNDS; done += 1) {
      const overPlain = await round(httpRequest, ports.plain, plainAgent)
      const overTls = await round(httpsRequest, ports.tls, tlsAgent)
      // The first warms both.
      if (done > 0) differences.push(overTls - overPlain)
    }
    plainAgent.destroy()
    tlsAgent.destroy()
    const difference = differences.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN
    return {
      tcp_connection: Math.round(connection),
      full_handshake: Math.round(full - connection),
      resumed_handshake: Math.round(again - connection),
      // A request and its answer: one record each way.
      record: Math.round(difference / 2),
    }
  } finally {
    server.disconnect()
  }
}

/** The last of the tickets that come after a handshake (RFC 8446 §4.6.1). */
async function firstSession(options: ConnectionOptions): Promise<Buffer> {
  const socket: TLSSocket = connectTls(options)
  const [session]: Buffer[] = await once(socket, 'session')
  socket.destroy()
  if (session === undefined) throw new Error('the server gave no ticket')
  return session
}

async function closing(socket: Socket, connected: 'connect' | 'secureConnect'): Promise<void> {
  await once(socket, connected)
  const closed = once(socket, 'close')
  socket.resume().end()
  await closed
}

function ask(request: typeof httpRequest, port: number, agent: HttpAgent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': FORM.length }
    request({ host: '127.0.0.1', port, agent, method: 'POST', headers }, (response) => {
      response.resume().on('end', resolve)
    })
      .on('error', reject)
      .end(FORM)
  })
}

const [role, folder] = process.argv.slice(2)
if (role === '--serve' && folder !== undefined) await serve(folder)
else {
  const made = mkdtempSync(join(tmpdir(), 'tessera-bench-tls-'))
  try {
    process.stdout.write(`${JSON.stringify(await measure(made), undefined, 2)}\n`)
  } finally {
    rmSync(made, { recursive: true })
  }
}
