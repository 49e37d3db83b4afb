import { isKeyAlgorithm, type KeyAlgorithm, SEALING } from '../keys/algorithms.ts'
import type { KeySetConsumer } from '../keys/consumers.ts'
import { keyDetail } from '../keys/record.ts'
import { PROPAGATION_MS } from '../keys/schedule.ts'
import type { KeyWrites, StoredKey, UnreadableKey } from '../keys/store.ts'
import { rewrapSecrets } from '../management/credentials/rewrap.ts'
import { listKeys } from '../management/keys/list.ts'
import { revokeKey } from '../management/keys/revoke.ts'
import { rewrapKeys } from '../management/keys/rewrap.ts'
import { rollBackKeys } from '../management/keys/roll-back.ts'
import { rotateKeys } from '../management/keys/rotate.ts'
import { signingAlgorithms } from '../oauth/algorithms.ts'
import { UsageError, UserError } from '../platform/user-error.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { keyContext, managementContext, withDatabase } from './database.ts'
import { keyEffect } from './effects.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'
import { type Column, printTable, timeText } from './table.ts'

interface KeysOptions extends OutputOptions, ConfirmOptions {
  readonly algorithm: string
  readonly now?: true
  readonly config?: string
}

/** `tessera keys list`: prints every key, and the consumers that have fetched the pending ones. */
export const keysList = ({ config, ...output }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const { found, unreadable, masterKeyId, consumers } = await listKeys(managementContext(opened))
    const data: readonly KeyJson[] = [
      ...found.map((key) => asJson(key, consumers)),
      ...unreadable.map(unreadableAsJson),
    ]
    show(output, {
      data,
      forPeople: () => {
        printTable(data, keyColumns)
        for (const key of data) printWhoLacks(key)
        for (const { kid, master_key_id: id } of data)
          if (id !== undefined && id !== masterKeyId)
            print(printable(`${kid} is under the master key ${id}; the one in use is ${masterKeyId ?? 'none'}`))
      },
    })
  })

/** `tessera keys rotate`: activates the next key once it has been published long enough, or with `--now` at once. */
export const keysRotate = ({ algorithm, now, config, ...output }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const writes = await rotateKeys(await keyContext(opened), {
      algorithm: parseAlgorithm(algorithm),
      atOnce: now === true,
    })
    report(writes, output)
    if (now) say('Verifiers with a cached key set reject new tokens until they fetch it again.')
  })

/** `tessera keys rollback`: makes the previous key active again. */
export const keysRollback = ({ algorithm, config, ...output }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    report(await rollBackKeys(await keyContext(opened), parseAlgorithm(algorithm)), output)
  })

/** `tessera keys revoke`: revokes a key at once, and with it every token that it signed. */
export const keysRevoke = (kid: string, { config, ...options }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = await keyContext(opened)
    await confirm({ action: `revoke the key ${kid}`, effect: await keyEffect(context, kid) }, options)
    report(await revokeKey(context, kid), options)
    say(
      'It is no longer published, and introspection reports its tokens as inactive. APIs that verify tokens themselves',
    )
    say('accept them until they fetch the key set again.')
  })

/** `tessera keys rewrap`: encrypts every key under the current master key. */
export const keysRewrap = ({ config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = await keyContext(opened)
    const problems = [
      ...(await rewrapKeys(context, (kid) => print(printable(`rewrapped ${kid}`)))),
      ...(await rewrapSecrets(context, (id) => print(printable(`rewrapped the secret of credential ${id}`)))),
    ]
    for (const problem of problems) say(printable(problem))
    if (problems.length > 0) throw new UserError(`${problems.length} could not be rewrapped; all others are`)
    print(`every key and secret is encrypted under the master key ${context.masterKey.id}`)
  })

function parseAlgorithm(algorithm: string): KeyAlgorithm {
  if (isKeyAlgorithm(algorithm)) return algorithm
  throw new UsageError(`--algorithm must be one of ${[...signingAlgorithms, SEALING].join(', ')}`)
}

function report({ add, put, discard = [] }: KeyWrites, output: OutputOptions): void {
  const data: readonly KeyJson[] = [
    ...[...add, ...put].map((key) => asJson(key, [])),
    ...discard.map((kid) => ({ kid, state: 'gone' })),
  ]
  show(output, { data, forPeople: () => printTable(data, keyColumns) })
}

/** A key as JSON. A key that can't be read has only a part of it. */
type KeyJson = Partial<Omit<ReturnType<typeof asJson>, 'state'>> & {
  readonly state?: string | undefined
  readonly unreadable?: string
}

const unreadableAsJson = ({ id, state, problem }: UnreadableKey) => ({ kid: id, state, unreadable: problem })

const keyColumns: readonly Column<KeyJson>[] = [
  { heading: 'KEY', of: ({ kid }) => kid, isWhole: true },
  { heading: 'ALGORITHM', of: ({ algorithm }) => algorithm },
  {
    heading: 'STATE',
    of: ({ state = 'unknown', unreadable }) =>
      unreadable === undefined ? state : `${state}, can't be read: ${unreadable}`,
    style: ({ state, unreadable }) => (unreadable !== undefined ? 'red' : state === 'active' ? 'green' : undefined),
  },
  { heading: 'ACTIVE FROM', of: ({ active_at: at }) => at, kind: 'time' },
  { heading: 'GONE AT', of: ({ gone_at: at }) => at, kind: 'time' },
]

/** Splits the consumers into those that have fetched the key set since every process publishes this key, and the others. */
function split(key: StoredKey, consumers: readonly KeySetConsumer[]) {
  const has = (consumer: KeySetConsumer) => consumer.lastSeen >= key.createdAt + PROPAGATION_MS
  return { have: consumers.filter(has), lack: consumers.filter((consumer) => !has(consumer)) }
}

/** Names the consumers that would reject a token under a pending key, because they have not fetched it. */
function printWhoLacks({ kid, state, algorithm, fetched_by: have = [], not_fetched_by: lack = [] }: KeyJson): void {
  const known = have.length + lack.length
  if (state !== 'pending' || algorithm === SEALING || known === 0) return
  const not = lack.length > 0 ? '; not yet:' : ''
  print(printable(`${kid}: ${have.length} of ${known} known consumers have fetched it${not}`))
  for (const { address, user_agent: agent, last_seen: seen } of lack)
    print(printable(`  ${address} ${agent}, last seen ${timeText(seen)}`))
}

function asJson(key: StoredKey, consumers: readonly KeySetConsumer[]) {
  const { have, lack } = split(key, consumers)
  const named = ({ address, userAgent, lastSeen, fetches }: KeySetConsumer) => ({
    address,
    user_agent: userAgent,
    last_seen: new Date(lastSeen).toISOString(),
    fetches,
  })
  return {
    ...keyDetail(key),
    created_at: new Date(key.createdAt).toISOString(),
    master_key_id: key.masterKeyId,
    fetched_by: have.map(named),
    not_fetched_by: lack.map(named),
  }
}
