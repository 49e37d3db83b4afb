import type { Config } from '../config/resolve.ts'
import { MasterKey } from '../crypto/master-key.ts'
import { KeySetConsumers } from '../keys/consumers.ts'
import { requireFitting } from '../keys/fitting.ts'
import { Keyring } from '../keys/keyring.ts'
import { KeyRotation } from '../keys/rotation.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import { ChangeFeed } from '../model/changes/feed.ts'
import { CertificateUse } from '../model/directory/certificate-use.ts'
import { Directory } from '../model/directory/directory.ts'
import { KeySources } from '../model/directory/key-sources.ts'
import type { OnUnreadable } from '../platform/unreadable.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { algorithmsInUse } from '../tokens/profile.ts'
import { Revocations } from '../tokens/revocation/revocations.ts'
import type { Closers } from './closers.ts'
import type { LiveConfig } from './live.ts'
import { type Means, repeat } from './world.ts'

const KEY_SOURCES = 'where clients have their keys could not be read'

/** What a process has of the database in memory, and keeps up to date. */
export interface Model {
  readonly changes: ChangeFeed
  readonly directory: Directory
  readonly keySources: KeySources
  readonly certificateUse: CertificateUse
  readonly masterKey: MasterKey
  readonly keyring: Keyring
  readonly revocations: Revocations
  readonly consumers: KeySetConsumers
}

/** Has it known how long tokens live, which revocations and keys must outlive, before any token lives so long. */
export async function noteLifetimes(config: Config, store: Store, live: LiveConfig): Promise<void> {
  const note = ({ token }: Config) => store.revocations.noteLifetime(token.lifetime * 1000)
  await note(config)
  live.follow(async (next) => {
    await note(next)
    return () => {}
  })
}

/** Loads clients, APIs, keys and revocations. Rejects where the database fails, or is under another master key. */
export async function openModel(config: Config, store: Store, means: Means, closers: Closers): Promise<Model> {
  const { clock, random, failing, live, unreadable } = means
  const sinceTime = clock.monotonic()
  const since = await store.changes.latestChange()
  const certificateUse = await CertificateUse.open(store.certificateUse)
  const onUnreadable: OnUnreadable = (record) => unreadable.report(record)
  const directory = await Directory.open(store.directory, { mostClients: config.cache.clients, onUnreadable })
  const masterKey = new MasterKey(config.masterKey, random, config.previousMasterKey)
  await requireFitting(store.keys, masterKey)
  const keyring = await Keyring.open(store.keys, masterKey, onUnreadable)
  await noteLifetimes(config, store, live)
  const revocations = await Revocations.open(store.revocations, clock, { onUnreadable })
  const rotation = new KeyRotation({
    store: store.keys,
    keyring,
    masterKey,
    clock,
    algorithms: () => algorithmsInUse(directory.apis),
    policy: async () => rotationPolicy(live.current.keys, await store.revocations.longestLifetime()),
    random,
  })
  await rotation.run()

  const consumers = new KeySetConsumers(store.keys, clock)
  closers.add(() => consumers.flush())
  const keySources = new KeySources(store.keySources)
  keySources.read().catch(failing(KEY_SOURCES))
  const changes = new ChangeFeed({
    store: store.changes,
    clock,
    listeners: { directory, keys: keyring },
    unhurried: [certificateUse, keySources],
    since,
    sinceTime,
    onError: failing('changes could not be loaded'),
  })
  changes.start()
  closers.add(() => changes.stop())
  const again = (interval: number, work: () => Promise<void>, what: string) =>
    repeat(closers, means, interval, work, what)
  again(500, () => keySources.read(), KEY_SOURCES)
  again(200, () => revocations.poll(), 'revocations could not be read')
  again(250, () => rotation.run(), 'keys could not be rotated')
  again(2_000, () => consumers.flush(), 'who fetched the keys could not be written')
  again(60_000, () => consumers.prune(), 'old consumers of the key set could not be removed')
  again(60_000, () => revocations.prune(), 'expired revocations could not be removed')
  return { changes, directory, certificateUse, keySources, masterKey, keyring, revocations, consumers }
}
