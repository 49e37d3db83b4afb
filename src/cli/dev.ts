import { dirname, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Config, examineConfig } from '../config/resolve.ts'
import { applyManifest } from '../management/manifest/apply.ts'
import { parseManifest } from '../management/manifest/reading/parse.ts'
import { noSecrets } from '../management/manifest/secret-source.ts'
import { endpointAddresses } from '../oauth/endpoints.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { shellWord } from '../platform/shell.ts'
import { Mistakes } from '../platform/user-error.ts'
import { requireStart } from '../server/preflight.ts'
import { openStore } from '../store/open.ts'
import { developmentOptionsOf } from './config-options.ts'
import { inWordsOf, managementContext } from './database.ts'
import { authorityOf } from './dev/certificate.ts'
import { developmentOptions } from './dev/options.ts'
import { sampleClient, sampleManifest } from './dev/sample.ts'
import { RefusalNarrator } from './dev-refusals.ts'
import { explainingContext } from './explain.ts'
import { print } from './output.ts'
import { isWorker, runServer, runWorker } from './run.ts'

/** `tessera dev`: runs a server that people can try at once. */
export async function dev(command: Command): Promise<void> {
  if (isWorker()) return runWorker()
  // From here on, nobody else on the machine can read new files, unless the code that makes them says so.
  process.umask(0o077)
  const { options, isGiven, ...reading } = developmentOptionsOf(command)
  if (reading.mistakes.length > 0) throw new Mistakes(reading.mistakes)
  const complete = await developmentOptions(options, isGiven, systemClock, systemRandom)
  const examined = examineConfig({ ...reading, options: complete }, systemClock)
  const starting = await requireStart(examined, { clock: systemClock, random: systemRandom })
  const config: Config = { ...starting.config, isDevelopment: true }
  await inWordsOf(config.storage, () => addSample(config))
  let setUpLink: string | undefined
  const onSetUpLink = (url: string) => {
    setUpLink = url
  }
  const { runtimePort, adminPort } = await runServer({ ...starting, config, onSetUpLink })
  print(banner(config, { runtimePort, adminPort, setUpLink }))
  await narrateRefusals(config)
}

/** Prints the explanation of each refusal, until a signal stops the server. */
async function narrateRefusals(config: Config): Promise<void> {
  const store = await openStore(config.storage, systemClock, config.storageAccess)
  const narrator = new RefusalNarrator(explainingContext({ options: config, store }))
  await narrator.start()
  // The server drains meanwhile. SQLite tidies its files once the last connection closes.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () =>
      narrator
        .stop()
        .then(() => store.close())
        .catch(() => {}),
    )
  }
}

/** Adds the sample to a new database only, so that later changes and removals of it last. */
async function addSample(config: Config): Promise<void> {
  const store = await openStore(config.storage, systemClock, config.storageAccess)
  try {
    if ((await store.changes.latestChange()) > 0) return
    await applyManifest(managementContext({ options: config, store }, { manifest: [sampleManifest] }), {
      parsed: parseManifest('sample', sampleManifest),
      source: noSecrets,
      server: { issuer: config.issuer, defaultLifetime: config.token.lifetime },
      origin: 'sample',
      dryRun: false,
    })
  } finally {
    await store.close()
  }
}

interface Started {
  readonly runtimePort: number
  readonly adminPort: number
  /** The link that makes the first account; undefined if there is one, or if nobody reads a terminal. */
  readonly setUpLink: string | undefined
}

function banner(config: Config, { runtimePort, adminPort, setUpLink }: Started): string {
  const isTls = config.runtime.tls === 'on'
  const runtime = `${isTls ? 'https' : 'http'}://localhost:${runtimePort}`
  const token = runtime + new URL(endpointAddresses(config.issuer, []).urlsOf('token')[0]).pathname
  const trust = isTls ? `--cacert ${shellWord(trustedFor(config))} ` : ''
  const { clientId, secret, scope } = sampleClient
  return `
Tessera, for DEVELOPMENT ONLY: its sample client has a published secret, and its certificate comes from an authority of its own.

  OAuth endpoints  ${runtime}   (issuer ${config.issuer})
  Console          https://localhost:${adminPort}
  Health           https://localhost:${adminPort}/healthz
  Data             ${relative('.', config.data) || '.'}

Get a token:

  curl ${trust}-u ${clientId}:${secret} \\
    -d grant_type=client_credentials -d scope=${scope} ${token}
${setUpLink === undefined ? '' : `\nMake your account for the console (a browser first asks about the certificate):\n\n  ${setUpLink}\n`}
Ctrl+C stops it.`
}

/** The file that a client must trust: our own authority, or the configured certificate. */
const trustedFor = ({ data, tls: { cert = '' } }: Config): string =>
  dirname(resolve(cert)) === dirname(authorityOf(data)) ? authorityOf(data) : cert
