import { rewrapSecondFactors } from '../administrators/accounts/rewrap.ts'
import { isKeyAlgorithm, type KeyAlgorithm, SEALING } from '../keys/algorithms.ts'
import type { KeySetConsumer } from '../keys/consumers.ts'
import { keyDetail } from '../keys/record.ts'
import { PROPAGATION_MS } from '../keys/schedule.ts'
import type { KeyWrites, StoredKey, UnreadableKey } from '../keys/store.ts'
import { rewrapAuditKey } from '../management/audit/rewrap-key.ts'
import { rewrapSecrets } from '../management/credentials/rewrap.ts'
import { listKeys } from '../management/keys/list.ts'
import { revokeKey } from '../management/keys/revoke.ts'
import { rewrapKeys } from '../management/keys/rewrap.ts'
import { rollBackKeys } from '../management/keys/roll-back.ts'
import { rotateKeys } from '../management/keys/rotate.ts'
import { signingAlgorithms } from '../oauth/algorithms.ts'
import { UserError } from '../platform/user-error.ts'
import { sealedAccounts } from './accounts.ts'
import { keyContext, managementContext, withDatabase } from './database.ts'
import { print, printable, say } from './output.ts'

interface KeysOptions {
  readonly algorithm: string
  readonly now?: true
  readonly json?: true
  readonly reason?: string
  readonly config?: string
}

/** `tessera keys list`: prints every key, and the consumers that have fetched the pending ones. */
export const keysList = ({ json, config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const { found, unreadable, masterKeyId, consumers } = await listKeys(managementContext(opened))
    if (json) {
      print(JSON.stringify([...found.map((key) => asJson(key, consumers)), ...unreadable.map(unreadableAsJson)]))
      return
    }
    for (const key of found) {
      printKey(key, consumers)
      if (key.masterKeyId !== masterKeyId)
        print(
          `\tunder the master key ${printable(key.masterKeyId)}; the one in use is ${printable(masterKeyId ?? 'none')}`,
        )
    }
    for (const { id, state = 'unknown', problem } of unreadable)
      print(`?\t${state}\t${printable(id)}\tcan't be read: ${problem}`)
  })

/** `tessera keys rotate`: activates the next key once it has been published long enough, or with `--now` at once. */
export const keysRotate = ({ algorithm, now, json, reason, config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const writes = await rotateKeys(await keyContext(opened, { reason }), {
      algorithm: parseAlgorithm(algorithm),
      atOnce: now === true,
    })
    report(writes, json)
    if (now) say('Verifiers with a cached key set reject new tokens until they fetch it again.')
  })

/** `tessera keys rollback`: makes the previous key active again. */
export const keysRollback = ({ algorithm, json, reason, config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    report(await rollBackKeys(await keyContext(opened, { reason }), parseAlgorithm(algorithm)), json)
  })

/** `tessera keys revoke`: revokes a key at once, and with it every token that it signed. */
export const keysRevoke = (kid: string, { json, reason, config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    report(await revokeKey(await keyContext(opened, { reason }), kid), json)
    say(
      'It is no longer published, and introspection reports its tokens as inactive. APIs that verify tokens themselves',
    )
    say('accept them until they fetch the key set again.')
  })

/** `tessera keys rewrap`: encrypts every key under the current master key. */
export const keysRewrap = ({ reason, config }: KeysOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = await keyContext(opened, { reason })
    const problems = [
      ...(await rewrapKeys(context, (kid) => print(printable(`rewrapped ${kid}`)))),
      ...(await rewrapSecrets(context, (id) => print(printable(`rewrapped the secret of credential ${id}`)))),
      ...(await rewrapSecondFactors(sealedAccounts(opened, context), context, (name) =>
        print(printable(`rewrapped the second factor of account ${name}`)),
      )),
      ...(await rewrapAuditKey(context, (kid) => print(printable(`the audit key ${kid} is rewrapped`)))),
    ]
    for (const problem of problems) say(printable(problem))
    if (problems.length > 0) throw new UserError(`${problems.length} could not be rewrapped; all others are`)
    print(`every key and secret is encrypted under the master key ${context.masterKey.id}`)
  })

function parseAlgorithm(algorithm: string): KeyAlgorithm {
  if (isKeyAlgorithm(algorithm)) return algorithm
  throw new UserError(`--algorithm must be one of ${[...signingAlgorithms, SEALING].join(', ')}`)
}

function report({ add, put, discard = [] }: KeyWrites, json: true | undefined): void {
  const changed = [...add, ...put]
  if (json) {
    print(JSON.stringify([...changed.map((key) => asJson(key, [])), ...discard.map((kid) => ({ kid, state: 'gone' }))]))
    return
  }
  for (const key of changed) printKey(key, [])
  for (const kid of discard) print(`?\tgone\t${printable(kid)}`)
}

const unreadableAsJson = ({ id, state, problem }: UnreadableKey) => ({ kid: id, state, unreadable: problem })

/** Splits the consumers into those that have fetched the key set since every process publishes this key, and the others. */
function split(key: StoredKey, consumers: readonly KeySetConsumer[]) {
  const has = (consumer: KeySetConsumer) => consumer.lastSeen >= key.createdAt + PROPAGATION_MS
  return { have: consumers.filter(has), lack: consumers.filter((consumer) => !has(consumer)) }
}

function printKey(key: StoredKey, consumers: readonly KeySetConsumer[]): void {
  const { state, active_at: activeAt, gone_at: goneAt } = keyDetail(key)
  const when = {
    pending: `active from ${activeAt}`,
    active: `since ${activeAt}`,
    retiring: `until ${goneAt}`,
    revoked: '',
    gone: '',
  }
  print(`${key.algorithm}\t${state}\t${printable(key.kid)}\t${when[state]}`.trimEnd())
  if (state !== 'pending' || key.algorithm === SEALING || consumers.length === 0) return
  const { have, lack } = split(key, consumers)
  print(`\t${have.length} of ${consumers.length} known consumers have fetched it${lack.length > 0 ? '; not yet:' : ''}`)
  for (const { address, userAgent, lastSeen } of lack) {
    print(`\t${printable(address)} ${printable(userAgent)}, last seen ${new Date(lastSeen).toISOString()}`)
  }
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
