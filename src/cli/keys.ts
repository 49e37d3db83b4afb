import { z } from 'zod'
import { rewrapSecondFactors } from '../administrators/accounts/rewrap.ts'
import { SEALING } from '../keys/algorithms.ts'
import { rewrapAuditKey } from '../management/audit/rewrap-key.ts'
import { rewrapSecrets } from '../management/credentials/rewrap.ts'
import { rewrapKeys } from '../management/keys/rewrap.ts'
import { UserError } from '../platform/user-error.ts'
import { sealedAccounts } from './accounts.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { keyContext, withDatabase } from './database.ts'
import { keyEffect } from './effects.ts'
import { type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable, say } from './output.ts'
import { type Column, printTable, timeText } from './table.ts'
import type { TargetOptions } from './target.ts'

interface KeysOptions extends OutputOptions, ConfirmOptions, TargetOptions {
  readonly algorithm: string
  readonly now?: true
}

const consumer = z.looseObject({ address: z.string(), user_agent: z.string(), last_seen: z.string() })

/** A key in the answers of the admin API. A key that can't be read has only a part of it. */
const key = z.looseObject({
  kid: z.string(),
  algorithm: z.string().optional(),
  state: z.string().optional(),
  active_at: z.string().optional(),
  gone_at: z.string().optional(),
  master_key_id: z.string().optional(),
  fetched_by: z.array(consumer).optional(),
  not_fetched_by: z.array(consumer).optional(),
  unreadable: z.string().optional(),
})

type Key = z.output<typeof key>

const keysAnswer = z.looseObject({ items: z.array(key), master_key_id: z.string().optional() })

/** `tessera keys list`: prints every key, and the consumers that have fetched the pending ones. */
export const keysList = (options: KeysOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const { items, master_key_id: inUse } = await target.call('keys.list', {}, keysAnswer)
    show(options, {
      data: items,
      forPeople: () => {
        printTable(items, keyColumns)
        for (const one of items) printWhoLacks(one)
        for (const { kid, master_key_id: id } of items)
          if (id !== undefined && id !== inUse)
            print(printable(`${kid} is under the master key ${id}; the one in use is ${inUse ?? 'none'}`))
      },
    })
  })

/** `tessera keys rotate`: activates the next key once it has been published long enough, or with `--now` at once. */
export const keysRotate = ({ algorithm, now, ...options }: KeysOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const { items } = await target.call('keys.rotate', { body: { algorithm, now: now === true } }, keysAnswer)
    report(items, options)
    if (now) say('Verifiers with a cached key set reject new tokens until they fetch it again.')
  })

/** `tessera keys rollback`: makes the previous key active again. */
export const keysRollback = ({ algorithm, ...options }: KeysOptions): Promise<void> =>
  withTarget(options, async (target) => {
    report((await target.call('keys.roll-back', { body: { algorithm } }, keysAnswer)).items, options)
  })

/** `tessera keys revoke`: revokes a key at once, and with it every token that it signed. */
export const keysRevoke = (kid: string, options: KeysOptions): Promise<void> =>
  withTarget(options, async (target) => {
    await confirm({ action: `revoke the key ${kid}`, effect: await keyEffect(target, kid) }, options)
    report((await target.call('keys.revoke', { path: { kid } }, keysAnswer)).items, options)
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

const report = (keys: readonly Key[], options: OutputOptions): void =>
  show(options, { data: keys, forPeople: () => printTable(keys, keyColumns) })

const keyColumns: readonly Column<Key>[] = [
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

/** Names the consumers that would reject a token under a pending key, because they have not fetched it. */
function printWhoLacks({ kid, state, algorithm, fetched_by: have = [], not_fetched_by: lack = [] }: Key): void {
  const known = have.length + lack.length
  if (state !== 'pending' || algorithm === SEALING || known === 0) return
  const not = lack.length > 0 ? '; not yet:' : ''
  print(printable(`${kid}: ${have.length} of ${known} known consumers have fetched it${not}`))
  for (const { address, user_agent: agent, last_seen: seen } of lack)
    print(printable(`  ${address} ${agent}, last seen ${timeText(seen)}`))
}
