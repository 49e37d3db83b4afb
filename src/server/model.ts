import { MasterKey } from '../crypto/master-key.ts'
import { KeySetConsumers } from '../keys/consumers.ts'
import { requireFitting } from '../keys/fitting.ts'
import { Keyring } from '../keys/keyring.ts'
import { KeyRotation } from '../keys/rotation.ts'
import { rotationPolicy } from '../keys/schedule.ts'
import { adminApi } from '../management/authority/admin-api.ts'
import { ChangeFeed, type FeedStart, readFeedStart } from '../model/changes/feed.ts'
import { CertificateUse } from '../model/directory/certificate-use.ts'
import { Directory } from '../model/directory/directory.ts'
import { KeySources } from '../model/directory/key-sources.ts'
import type { OnUnreadable } from '../platform/unreadable.ts'
import type { Store } from '../store/tables/sql-store.ts'
import { algorithmsInUse } from '../tokens/profile.ts'
import { Revocations } from '../tokens/revocation/revocations.ts'
import { clientRoom } from './client-room.ts'
import type { Dependencies } from './environment.ts'
import { tokenLifetime } from './reload/table.ts'

const KEY_SOURCES = "the sources of clients' keys could not be read"

/** The copy of the database in the memory of a process, kept up to date. */
export interface Model extends Omit<LoadedModel, 'start'> {
  readonly changes: ChangeFeed
  readonly revocations: Revocations
  readonly consumers: KeySetConsumers
}

/** The parts that the change feed keeps up to date, and the start of the feed. */
interface LoadedModel {
  readonly start: FeedStart
  readonly directory: Directory
  readonly keySources: KeySources
  readonly certificateUse: CertificateUse
  readonly masterKey: MasterKey
  readonly keyring: Keyring
}

/** The ids of the keys that a process can use. */
export function keysSeen({ keyring }: Pick<Model, 'keyring'>): readonly string[] {
  const unusable = new Set<string>(keyring.problems.map(({ id }) => id))
  return keyring.stored.filter(({ kid, state }) => state !== 'revoked' && !unusable.has(kid)).map(({ kid }) => kid)
}

/** Loads clients, APIs, keys and revocations. Rejects if the database fails, or is under another master key. */
export async function openModel(dependencies: Dependencies, store: Store): Promise<Model> {
  const { config, clock, unreadable } = dependencies
  const loaded = await loadModel(await readFeedStart(store.changes, clock), dependencies, store)
  await tokenLifetime(config, store)
  const onUnreadable: OnUnreadable = (record) => unreadable.report(record)
  const revocations = await Revocations.open(store.revocations, clock, { onUnreadable })
  await rotateKeys(dependencies, store, loaded)
  const consumers = countConsumers(dependencies, store)
  const changes = followChanges(dependencies, store, loaded)
  const { repeat } = dependencies
  repeat({ every: 200, work: () => revocations.poll(), failure: 'revocations could not be read' })
  repeat({
    every: 60_000,
    work: (ending) => revocations.prune(ending),
    failure: 'expired revocations could not be removed',
  })
  const { start: _, ...model } = loaded
  return { ...model, changes, revocations, consumers }
}

/** @param start the start of the change feed, read before anything else is loaded, so that no change is missed */
async function loadModel(
  start: FeedStart,
  { config, random, unreadable }: Dependencies,
  store: Store,
): Promise<LoadedModel> {
  const onUnreadable: OnUnreadable = (record) => unreadable.report(record)
  const certificateUse = await CertificateUse.open(store.certificateUse)
  const directory = await Directory.open(store.directory, {
    room: clientRoom(config),
    builtIn: [adminApi],
    onUnreadable,
  })
  const masterKey = new MasterKey(config.masterKey, random, config.previousMasterKey)
  await requireFitting(store.keys, masterKey)
  const keyring = await Keyring.open(store.keys, masterKey, onUnreadable)
  return { start, directory, keySources: new KeySources(store.keySources), certificateUse, masterKey, keyring }
}

/** Makes the keys that are due now, and keeps doing so. */
async function rotateKeys(
  { clock, random, live, repeat }: Dependencies,
  store: Store,
  { directory, keyring, masterKey }: LoadedModel,
): Promise<void> {
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
  repeat({ every: 250, work: () => rotation.run(), failure: 'keys could not be rotated' })
}

function countConsumers({ clock, shutdown, repeat }: Dependencies, store: Store): KeySetConsumers {
  const consumers = new KeySetConsumers(store.keys, clock)
  shutdown.add(() => consumers.flush())
  repeat({ every: 2_000, work: () => consumers.flush(), failure: 'consumers of the key set could not be written' })
  repeat({
    every: 60_000,
    work: (ending) => consumers.prune(ending),
    failure: 'old consumers of the key set could not be removed',
  })
  return consumers
}

function followChanges(
  { clock, shutdown, onFailure, repeat }: Dependencies,
  store: Store,
  { start, directory, keyring, certificateUse, keySources }: LoadedModel,
): ChangeFeed {
  keySources.read().catch(onFailure(KEY_SOURCES))
  repeat({ every: 500, work: () => keySources.read(), failure: KEY_SOURCES })
  const changes = new ChangeFeed({
    store: store.changes,
    clock,
    listeners: { directory, keys: keyring },
    unhurried: [certificateUse, keySources],
    start,
    onError: onFailure('changes could not be loaded'),
  })
  changes.start()
  shutdown.add(() => changes.stop())
  return changes
}
