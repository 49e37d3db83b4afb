import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { ensureCertificate } from '../../../src/cli/dev/certificate.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { childrenOf } from '../../harness/children-of.ts'
import { type RunningCommand, startTessera } from '../../harness/cli.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { applyTo, basic, testConfig } from '../../harness/server.ts'

const running: RunningCommand[] = []
const folders: string[] = []
const end = async (): Promise<void> => {
  for (const command of running.splice(0)) await command.stop('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

interface Settings {
  readonly [section: string]: unknown
}

/** Starts a `tessera serve` with its own configuration file. */
async function serve(workers: number, tls?: (folder: string) => Settings) {
  const { config, folder } = await testConfig()
  folders.push(folder)
  await applyTo(config, MODEL)
  const file = join(folder, 'tessera.yaml')
  const certificates = await Promise.all(['one', 'two'].map((name) => newCertificate(join(folder, name))))
  const settings: Settings = {
    issuer: config.issuer,
    storage: config.storage,
    workers,
    runtime: { host: 'localhost', port: config.runtime.port },
    admin: { port: config.admin.port },
    shutdown: { timeout: 1 },
    tls: tls?.(folder) ?? { ...certificates[0]?.paths },
  }
  const write = (changed: Settings) => writeFileSync(file, stringify({ ...settings, ...changed }))
  write({})
  const command = startTessera(['serve', '--config', file], {
    TESSERA_MASTER_KEY: config.masterKey.toString('base64'),
  })
  running.push(command)
  await command.printed(/health is on/)
  let reloads = 0
  return {
    command,
    issuer: config.issuer,
    port: config.runtime.port,
    certificates,
    file,
    folder,
    /** Writes the file, and resolves with the log up to the end of the reload. */
    reload: async (changed: Settings): Promise<string> => {
      write(changed)
      const before = command.output().length
      reloads += 1
      command.child.kill('SIGHUP')
      await command.printed(new RegExp(`((?:reloaded the configuration|reload failed)[\\s\\S]*){${reloads}}`))
      return command.output().slice(before)
    },
  }
}

async function newCertificate(folder: string) {
  mkdirSync(folder)
  const paths = ensureCertificate(folder, systemClock, systemRandom)
  return { paths, fingerprint: new X509Certificate(readFileSync(paths.cert)).fingerprint256 }
}

/** The certificate of a new connection. */
async function fingerprintAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly localPort: number | undefined
}

/** Makes a token request over the agent's connections. Rejects if the connection fails. */
function ask(agent: Agent, issuer: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic('reporter', SECRET) }
    const sent = request(`${issuer}/as/token.oauth2`, { method: 'POST', agent, headers }, async (response) => {
      const { localPort } = response.socket
      const body = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, body, localPort })
    })
    sent.on('error', reject)
    sent.end('grant_type=client_credentials&scope=edit')
  })
}

const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
const lifetimeAt = async (issuer: string): Promise<unknown> => {
  const agent = new Agent({ rejectUnauthorized: false })
  return (JSON.parse((await ask(agent, issuer)).body) as { expires_in: unknown }).expires_in
}

describe.each([1, 2])('SIGHUP to a server of %d workers', (workers) => {
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(workers)
  })
  afterAll(end)

  test('an old connection continues its requests, and a new one gets the new certificate', async () => {
    const { reload, issuer, port, certificates } = server
    const [one, two] = certificates
    expect(await fingerprintAt(port)).toBe(one?.fingerprint)

    const agents = Array.from({ length: 4 }, keepAlive)
    let isLoaded = true
    const loads = agents.map(async (agent) => {
      const answers: Answer[] = []
      // Under load, each of these connections has a request under way.
      do answers.push(await ask(agent, issuer))
      while (isLoaded)
      answers.push(await ask(agent, issuer))
      return answers
    })
    const said = await reload({ tls: { ...two?.paths } })
    expect(said).toContain('"options":["tls.cert","tls.key"]')
    // Connections go to the workers in turn, so that this checks each of them.
    for (let connections = 0; connections < 6; connections += 1) {
      expect(await fingerprintAt(port)).toBe(two?.fingerprint)
    }
    isLoaded = false
    for (const answers of await Promise.all(loads)) {
      expect(answers.length).toBeGreaterThan(1)
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      expect(new Set(answers.map(({ localPort }) => localPort)).size).toBe(1)
    }
    for (const agent of agents) agent.destroy()
  })

  test('an unusable certificate leaves the old one in use, and one line says why', async () => {
    const { reload, port, certificates, file } = server
    const [one, two] = certificates
    const garbage = `${file}.pem`
    writeFileSync(garbage, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const pipe = `${file}.pipe`
    execFileSync('mkfifo', [pipe])
    const wrong: [Settings, RegExp][] = [
      // Nobody writes to it.
      [{ cert: pipe, key: one?.paths.key }, /tls\.cert is .*: is empty/],
      [{ cert: '/nonexistent.pem', key: one?.paths.key }, /tls\.cert is \\?"\/nonexistent\.pem.*can't be read/],
      [{ cert: garbage, key: one?.paths.key }, /tls\.cert is .*: certificate 1 in it can't be read/],
      [{ cert: one?.paths.cert, key: two?.paths.key }, /tls\.key is .*: does not belong to the certificate in/],
      [{ ...one?.paths, client_ca: garbage }, /tls\.client_ca is .*: certificate 1 in it can't be read/],
    ]
    const inForce = await fingerprintAt(port)
    for (const [tls, message] of wrong) {
      const said = await reload({ tls, token: { lifetime: 77 } })
      expect(said).toMatch(message)
      expect(said.trim().split('\n')).toHaveLength(1)
      expect(said).toContain('"level":50')
      expect(await fingerprintAt(port)).toBe(inForce)
    }
    // The lifetime of the same file isn't in use either.
    expect(await lifetimeAt(`https://localhost:${port}`)).toBe(14_400)
  })

  test('any number of reloads leaves no listener behind', async () => {
    // Node warns of an eleventh listener of one kind (https://nodejs.org/api/events.html#eventsdefaultmaxlisteners).
    for (let reloads = 0; reloads < 12; reloads += 1) expect(await server.reload({})).not.toContain('Warning')
    expect(server.command.output()).not.toContain('MaxListenersExceededWarning')
  })
})

describe('other changes in the file', () => {
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(1)
  })
  afterAll(end)

  test.each<[string, Settings, RegExp]>([
    ['an unknown option', { token: { lifetme: 60 } }, /token\.lifetme: there is no such option/],
    ['an invalid value', { token: { lifetime: 0 } }, /token\.lifetime is 0/],
    ['values that conflict', { keys: { publish_before: 60 } }, /keys\.publish_before is 60/],
  ])('%s changes nothing, and one line says so', async (_name, changed, message) => {
    const said = await server.reload({ token: { lifetime: 60 }, ...changed })
    expect(said).toMatch(message)
    expect(said.trim().split('\n')).toHaveLength(1)
    expect(await lifetimeAt(server.issuer)).toBe(14_400)
  })

  test('an option that needs a restart is named, and keeps its value', async () => {
    const said = await server.reload({ issuer: 'https://other.example.com', workers: 3, token: { lifetime: 60 } })
    expect(said).toMatch(/"level":40.*"options":\["issuer","workers"\].*need a restart/)
    expect(said).toContain('"options":["token.lifetime"]')
    const agent = new Agent({ rejectUnauthorized: false })
    const { access_token } = JSON.parse((await ask(agent, server.issuer)).body) as { access_token: string }
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as object
    expect(claims).toMatchObject({ iss: server.issuer })
  })
})

test('a replacement worker uses the options in force, whatever the file says by then', async () => {
  onTestFinished(end)
  const { reload, issuer, command, file } = await serve(2)
  await reload({ token: { lifetime: 61 } })
  writeFileSync(file, 'issuer: nonsense')
  const pids = childrenOf(command.child.pid)
  expect(pids).toHaveLength(2)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await command.printed(/(another takes its place[\s\S]*){2}/)
  let lifetime: unknown
  while (lifetime === undefined) {
    await sleep(20)
    lifetime = await lifetimeAt(issuer).catch(() => undefined)
  }
  expect(lifetime).toBe(61)
})

describe.each([1, 2])('tls.watch with %d workers', (workers) => {
  afterAll(end)

  test('a certificate that is renewed behind a link, as by Kubernetes, needs no signal', async () => {
    const link = (folder: string, to: string) => {
      symlinkSync(to, join(folder, 'next'))
      renameSync(join(folder, 'next'), join(folder, 'current'))
    }
    const { command, port, folder, certificates } = await serve(workers, (folder) => {
      link(folder, 'one')
      const pathOf = (path = '') => path.replace('/one/', '/current/')
      const { cert, key } = ensureCertificate(join(folder, 'one'), systemClock, systemRandom)
      return { cert: pathOf(cert), key: pathOf(key), watch: 'on' }
    })
    const [one, two] = certificates
    expect(await fingerprintAt(port)).toBe(one?.fingerprint)
    link(folder, 'two')
    await command.printed(/"options":\["tls\.cert","tls\.key"\],"msg":"reloaded the configuration"/)
    for (let connections = 0; connections < 6; connections += 1)
      expect(await fingerprintAt(port)).toBe(two?.fingerprint)
  })
})
