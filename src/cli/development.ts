import type { Command } from 'commander'
import { pino } from 'pino'
import { type Config, type Examined, examineConfig, requireConfig } from '../config/resolve.ts'
import { isDevelopmentKey } from '../crypto/master-key.ts'
import { applyManifest } from '../management/manifest/apply.ts'
import { parseManifest } from '../management/manifest/reading/parse.ts'
import { noSecrets } from '../management/manifest/secret-source.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { Mistakes, UserError } from '../platform/user-error.ts'
import { resolveDependencies } from '../server/environment.ts'
import { type Model, openModel } from '../server/model.ts'
import { serveManifest } from '../server/served-manifest.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { developmentOptionsOf } from './config-options.ts'
import { inWordsOf, managementContext } from './database.ts'
import { developmentOptions } from './dev/options.ts'
import { sampleManifest } from './dev/sample.ts'

/** Reads the configuration of a command of `tessera dev`, and makes its data folder if there is none. @throws Mistakes */
export async function examineDevelopment(command: Command): Promise<Examined> {
  // From here on, nobody else on the machine can read new files, unless the code that makes them says so.
  process.umask(0o077)
  const { options, isGiven, ...reading } = developmentOptionsOf(command)
  if (reading.mistakes.length > 0) throw new Mistakes(reading.mistakes)
  const complete = await developmentOptions(options, isGiven, systemClock, systemRandom)
  return examineConfig({ ...reading, options: complete, isDevelopment: true }, systemClock)
}

/**
 * Adds the sample to a new database only, so that later changes and removals of it last. A manifest takes the place of the sample,
 * whose scope might be one of its own.
 */
export async function addSample(config: Config): Promise<void> {
  if (config.manifest.length > 0) return
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

/** The data folder of `tessera dev`, open as its server opens it. */
export interface Development extends Pick<Model, 'keyring'> {
  readonly config: Config
  readonly store: Store
}

/**
 * Opens the data folder of `tessera dev`, with its sample or its manifest, and with keys; a server may run beside it. Runs `work`, and
 * closes it.
 * @throws UserError if the folder has another master key, or the manifest has mistakes
 */
export async function withDevelopment<Result>(
  command: Command,
  work: (development: Development) => Promise<Result>,
): Promise<Result> {
  const config = requireConfig(await examineDevelopment(command))
  if (!isDevelopmentKey(config.masterKey))
    throw new UserError(
      `the master key of ${config.data} is not one that \`tessera dev\` makes: name another folder with --data, or remove this one`,
    )
  return inWordsOf(config.storage, async () => {
    await addSample(config)
    const dependencies = resolveDependencies(config, { log: pino({ enabled: false }) })
    const { shutdown } = dependencies
    try {
      const store = await openStore(config.storage, systemClock, config.storageAccess)
      shutdown.add(() => store.close())
      const problem = (await serveManifest(dependencies, store))?.problem
      if (problem !== undefined) throw new UserError(problem)
      const { keyring } = await openModel(dependencies, store)
      return await work({ config, store, keyring })
    } finally {
      await shutdown.close()
    }
  })
}
