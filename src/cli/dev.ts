import { dirname, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config/resolve.ts'
import { endpointAddresses } from '../oauth/endpoints.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { shellWord } from '../platform/shell.ts'
import { requireStart } from '../server/preflight.ts'
import { openStore } from '../store/open.ts'
import { inWordsOf } from './database.ts'
import { authorityOf } from './dev/certificate.ts'
import { sampleClient } from './dev/sample.ts'
import { RefusalNarrator } from './dev-refusals.ts'
import { addSample, examineDevelopment } from './development.ts'
import { explainingContext } from './explain.ts'
import { print } from './output.ts'
import { isWorker, runServer, runWorker } from './run.ts'

/** `tessera dev`: runs a server that people can try at once. */
export async function dev(command: Command): Promise<void> {
  if (isWorker()) return runWorker()
  const examined = await examineDevelopment(command)
  const starting = await requireStart(examined, { clock: systemClock, random: systemRandom })
  const { config } = starting
  await inWordsOf(config.storage, () => addSample(config))
  let setUpLink: string | undefined
  const onSetUpLink = (url: string) => {
    setUpLink = url
  }
  const { runtimePort, adminPort } = await runServer({ ...starting, onSetUpLink })
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
  const isSample = config.manifest.length === 0
  const trust = isTls ? `--cacert ${shellWord(trustedFor(config))} ` : ''
  return `
Tessera, for DEVELOPMENT ONLY: ${isSample ? 'its sample client has a published secret, and ' : ''}its certificate comes from an authority of its own.

  OAuth endpoints  ${runtime}   (issuer ${config.issuer})
  Console          https://localhost:${adminPort}
  Health           https://localhost:${adminPort}/healthz
  Data             ${relative('.', config.data) || '.'}
${isSample ? '' : `  Manifest         ${config.manifest.join(' ')}\n`}
Get a token:

  curl ${trust}-u ${isSample ? `${sampleClient.clientId}:${sampleClient.secret}` : 'CLIENT:SECRET'} \\
    -d grant_type=client_credentials${isSample ? ` -d scope=${sampleClient.scope}` : ''} ${token}
${setUpLink === undefined ? '' : `\nMake your account for the console (a browser first asks about the certificate):\n\n  ${setUpLink}\n`}
Ctrl+C stops it.`
}

/** The file that a client must trust: our own authority, or the configured certificate. */
const trustedFor = ({ data, tls: { cert = '' } }: Config): string =>
  dirname(resolve(cert)) === dirname(authorityOf(data)) ? authorityOf(data) : cert
