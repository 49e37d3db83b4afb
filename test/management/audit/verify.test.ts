import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { beginningOf, extend } from '../../../src/audit/proof/chain.ts'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { auditKeyProblem, repairAuditKey } from '../../../src/management/audit/repair-key.ts'
import { rewrapAuditKey } from '../../../src/management/audit/rewrap-key.ts'
import { rotateAuditKey } from '../../../src/management/audit/rotate-key.ts'
import { verifyAudit } from '../../../src/management/audit/verify.ts'
import { rewrapKeys } from '../../../src/management/keys/rewrap.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { toChain } from '../../../src/store/tables/proof-rows.ts'
import { contextOf } from '../../harness/management.ts'
import { countTurns } from '../../harness/turns.ts'
import { Log, MASTER } from './setting.ts'

let log: Log
beforeEach(() => {
  log = new Log()
})
afterEach(() => log.remove())

/** Two runs of a server with all kinds of events; all are signed but the last two. */
async function fill(): Promise<void> {
  await log.write(6, 5)
  await log.change()
  log.now += 60_000
  await log.sign()
  await log.write(4, 2)
  await log.stop()
  log.now += 60_000
  await log.write(3, 1)
  await log.change()
  await log.sign()
  await log.write(2)
  await log.stop(false)
}

const problems = async (input: Parameters<Log['verify']>[0] = {}) =>
  (await log.verify(input)).faults.map(({ problem, chain, place }) => `${chain}:${place} ${problem}`)

describe('an untouched log', () => {
  test('is whole, and says what no checkpoint covers yet', async () => {
    await fill()
    expect(await log.verify()).toMatchObject({
      faults: [],
      faultCount: 0,
      events: 26,
      chains: 5,
      checkpoints: 3,
      uncovered: 2,
      unchained: 0,
      removed: 0,
    })
  })

  test('stays whole while retention removes what is old, and the oldest refusals', async () => {
    await fill()
    log.now += 1_000_000 - 119_000
    await log.write(3, 9)
    await log.prune(4)
    await log.sign()
    expect(await log.verify()).toMatchObject({ faults: [], checkpoints: 4, uncovered: 0 })
    log.now += 2_000_000
    await log.write(1)
    await log.prune()
    await log.stop()
    const { faults, events, checkpoints, removed, uncovered } = await log.verify()
    // Nothing that was removed waits for a checkpoint, even if those that signed it were removed, too.
    expect({ faults, events, checkpoints, uncovered }).toEqual({ faults: [], events: 1, checkpoints: 2, uncovered: 0 })
    expect(removed).toBeGreaterThan(30)
  })

  test('is verified in steps, between which requests run', async () => {
    for (let signed = 0; signed < 250; signed += 1) {
      await log.write(20)
      await log.sign()
    }
    const { store } = await log.run()
    const turns = countTurns()
    const { faults, events, checkpoints } = await verifyAudit(contextOf(store, log.clock, MASTER))
    // A step is 250 events or 30 checkpoints.
    expect(turns()).toBeGreaterThanOrEqual(20 + 8)
    expect({ faults, events, checkpoints }).toEqual({ faults: [], events: 5_001, checkpoints: 250 })
  })
})

/** The same object, whose methods first wait for `before`. */
const waiting = <Target extends object>(target: Target, before: () => Promise<void>): Target =>
  new Proxy(target, {
    get: (_, name) => {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        await before()
        return Reflect.apply(method, target, args)
      }
    },
  })

test('a log is whole while servers write, sign, remove and change the key, before whichever part of it is read', async () => {
  let reads = 0
  for (let at = 1; at === 1 || at <= reads; at += 1) {
    const busy = new Log()
    await busy.write(400, 20)
    await busy.sign()
    busy.now += 700_000
    await busy.write(300, 300)
    await busy.write(300, 300)
    await busy.sign()
    const { store } = await busy.run()
    const context = contextOf(store, busy.clock, MASTER)
    reads = 0
    const proof = waiting(store.proof, async () => {
      reads += 1
      if (reads !== at) return
      busy.now += 400_000
      await busy.prune(100)
      await busy.write(3, 3)
      await busy.sign()
      await rotateAuditKey(context)
    })
    const { faults } = await verifyAudit({ ...context, store: { ...store, proof } })
    expect(faults, `before read ${at}`).toEqual([])
    expect((await busy.verify()).faults).toEqual([])
    await busy.remove()
  }
  expect(reads).toBeGreaterThan(7)
})

/** Rewrites an event, and links all later events of its chain again, as somebody does who knows the program but has no key. */
function rewrite(seq: number): { chain: number; place: number } {
  log.tamper(`update audit_event set client_id = 'somebody-else' where seq = ?`, seq)
  const [first] = log.tamper('select * from audit_event where seq = ?', seq)
  const chain = Number(first?.['chain'])
  const place = Number(first?.['place'])
  const [row] = log.tamper('select * from audit_chain where id = ?', chain)
  const [before] = log.tamper('select hash from audit_event where chain = ? and place = ?', chain, place - 1)
  let head = { chain, place: place - 1, hash: String(before?.['hash'] ?? beginningOf(toChain(row as never))) }
  for (const event of log.tamper(
    'select * from audit_event where chain = ? and place >= ? order by seq',
    chain,
    place,
  )) {
    head = extend(head, event as never)
    log.tamper('update audit_event set hash = ? where seq = ?', head.hash, Number(event['seq']))
  }
  log.tamper('update audit_chain set hash = ? where id = ?', head.hash, chain)
  return { chain, place }
}

const seqOf = (where: string): number =>
  Number(log.tamper(`select seq from audit_event where ${where} order by seq limit 1`)[0]?.['seq'])

describe('somebody who can write to the database, but has no key,', () => {
  test('can’t rewrite a chain up to its end', async () => {
    await fill()
    const { chain } = rewrite(seqOf(`type = 'token.issue' and result = 'success'`))
    expect(await problems()).toContainEqual(
      expect.stringMatching(`^${chain}:\\d+ the chain up to here is not the one that checkpoint 1 signs$`),
    )
  })

  test('can’t cut off the end of a chain, and its head', async () => {
    await fill()
    const [{ chain } = {}] = log.tamper(`select chain from audit_event where result = 'refused' order by seq limit 1`)
    log.tamper('delete from audit_event where chain = ? and place > 3', Number(chain))
    log.tamper(
      'update audit_chain set place = 3, hash = (select hash from audit_event where chain = id and place = 3) where id = ?',
      Number(chain),
    )
    expect(await problems()).toContainEqual(
      `${chain}:4 the end of the chain is missing: checkpoint 2 signs the place 7`,
    )
  })

  test('can’t remove a whole chain', async () => {
    await fill()
    log.tamper('delete from audit_event where chain = 3')
    log.tamper('delete from audit_chain where id = 3')
    expect(await problems()).toContainEqual('3:undefined the whole chain is missing')
  })

  test.each([
    ['changes', 'no checkpoint', async () => log.change(), 1],
    ['checkpoints', 'no checkpoint', async () => log.change(), 2],
    ['checkpoints', 'one checkpoint', async () => log.sign(), 2],
  ])('can’t remove the chain of %s of a log with %s, and all that it holds', async (_kind, _amount, begin, chain) => {
    await log.run()
    await begin()
    await log.stop(false)
    log.tamper('delete from audit_event where chain = ?', chain)
    log.tamper('delete from audit_checkpoint')
    log.tamper('update audit_chain set signed_place = 0')
    log.tamper('delete from audit_chain where id = ?', chain)
    expect(await problems()).toContainEqual(`${chain}:undefined the whole chain is missing`)
  })

  test.each([
    ['no checkpoint', async () => log.stop(false)],
    ['checkpoints', async () => fill()],
  ])('can’t remove the key of a log with %s', async (_amount, write) => {
    await log.run()
    await write()
    const [{ kid } = {}] = log.tamper('select kid from audit_key')
    log.tamper('delete from audit_key')
    expect(await problems()).toContainEqual(`undefined:undefined the audit key ${kid} of this event is missing`)
  })

  test('can’t remove a former key', async () => {
    await fill()
    const { store } = await log.run()
    const [{ kid } = {}] = log.tamper('select kid from audit_key')
    await rotateAuditKey({ ...contextOf(store, log.clock, MASTER), masterKey: MASTER })
    await log.stop()
    log.tamper('delete from audit_key where number = 1')
    expect(await problems()).toEqual(
      expect.arrayContaining([
        `undefined:undefined the audit key ${kid} of this event is missing`,
        '2:1 checkpoint 1 is not signed by a trusted key',
      ]),
    )
  })

  const lastMissing = '2:3 the last checkpoints are missing, or their end was changed'
  test.each<[string, string, string]>([
    ['cut off the last checkpoint', 'delete from audit_checkpoint where number = 3', lastMissing],
    ['cut off all checkpoints', 'delete from audit_checkpoint', lastMissing],
    [
      'take one out of the middle',
      'delete from audit_checkpoint where number = 2',
      '2:3 the checkpoints 2 to 2 are missing',
    ],
    ['cut off the first', 'delete from audit_checkpoint where number = 1', '2:2 the checkpoints 1 to 1 are missing'],
    [
      'change a statement',
      `update audit_checkpoint set statement = replace(statement, '"chains":', '"chains":1') where number = 2`,
      '2:2 checkpoint 2 is not signed by a trusted key',
    ],
    [
      'swap the statements of two',
      `update audit_checkpoint set (statement, signature) = (
         select statement, signature from audit_checkpoint as other where other.number = 5 - audit_checkpoint.number)
       where number > 1`,
      '2:2 the number or the time of a checkpoint was changed',
    ],
    ['change the end', `update audit_chain set hash = 'x' where id = 2`, lastMissing],
    [
      'set the end back',
      'update audit_chain set place = 2 where id = 2',
      '2:3 a checkpoint is beyond the end of the checkpoints',
    ],
  ])('can’t change the chain of checkpoints: %s', async (_what, sql, problem) => {
    await fill()
    log.tamper(sql)
    expect(await problems()).toContainEqual(problem)
  })

  test('can’t make a deletion look like retention', async () => {
    await fill()
    const [{ hash } = {}] = log.tamper('select hash from audit_event where chain = 3 and place = 2')
    log.tamper('delete from audit_event where chain = 3 and place <= 2')
    const insert = `insert into audit_removal (chain, first, last, hash, cause, at, kid, signature)`
    log.tamper(`${insert} select 3, 1, 2, ?, 'time', 1, kid, signature from audit_key`, String(hash))
    expect(await problems()).toEqual([
      '3:1 the places 1 to 2 were removed, and no trusted key says that retention did it',
    ])
    // Nor does the signature of a later removal beside it cover it.
    log.now += 3_000_000
    await log.prune()
    await log.stop()
    expect(await problems()).toContainEqual(
      '3:1 the places 1 to 2 were removed, and no trusted key says that retention did it',
    )
  })

  test('can’t have an event removed by dating it back', async () => {
    await fill()
    const seq = seqOf('chain = 3 and place = 3')
    log.tamper('update audit_event set at = 1 where seq = ?', seq)
    await log.prune()
    await log.stop(false)
    expect(await problems()).toContainEqual(
      '3:3 the places 3 to 3 were removed, and no trusted key says that retention did it',
    )
  })

  test('can’t add an event without a chain', async () => {
    await fill()
    log.tamper(`insert into audit_event (at, type, result, request_id, detail) values (1, 't', 'success', 'r', '{}')`)
    expect(await problems()).toEqual([
      'undefined:undefined the event is in no chain, although the log had chains when it was written',
    ])
  })

  test('can’t go back to an earlier state while a copy of a later checkpoint exists', async () => {
    await fill()
    const later = log.copies.at(-1)
    log.tamper('delete from audit_event where chain > 4 or (chain = 1 and place = 3)')
    log.tamper('delete from audit_chain where id > 4')
    log.tamper(`update audit_chain set place = 2, signed_place = 2,
      hash = (select hash from audit_event where chain = 1 and place = 2) where id = 1`)
    const [{ previous } = {}] = log.tamper(
      `select statement ->> 'previous' as previous from audit_checkpoint where number = 3`,
    )
    log.tamper('delete from audit_checkpoint where number = 3')
    log.tamper('update audit_chain set place = 2, hash = ? where id = 2', String(previous))
    expect(await problems()).toEqual([])
    expect(await problems({ given: later === undefined ? [] : [later] })).toEqual(
      expect.arrayContaining([
        '1:3 the end of the chain is missing: checkpoint 3 signs the place 3',
        '5:undefined the whole chain is missing',
      ]),
    )
  })

  test('can’t replace the key: with the master key at hand, or the thumbprint, it is found', async () => {
    await fill()
    const [{ kid } = {}] = log.tamper('select kid from audit_key')
    const forged = new Log()
    await forged.run(new MasterKey(Buffer.alloc(32, 8), systemRandom))
    await forged.write(3)
    await forged.stop()
    expect((await forged.verify()).faults).toMatchObject([
      {
        problem: expect.stringMatching(
          /^the private part of the audit key .* which was not given: give that one, or the thumbprint of a key that you trust$/,
        ),
      },
      { problem: expect.stringMatching(/^no trusted key vouches for the audit key/) },
      { problem: 'checkpoint 1 is not signed by a trusted key' },
    ])
    await expect(forged.verify({ key: String(kid) })).rejects.toThrow(
      `no key of this audit log has the thumbprint ${kid}`,
    )
    expect(await log.verify({ key: String(kid) })).toMatchObject({ faults: [], keys: [kid] })
    await forged.remove()
  })
})

test('a server that the database has lost events of begins new chains, and signs what it knows', async () => {
  await log.write(5)
  await log.sign()
  await log.write(2)
  const { store } = await log.run()
  log.tamper('delete from audit_event where chain = 3 and place > 5')
  log.tamper(
    'update audit_chain set place = 5, hash = (select hash from audit_event where chain = 3 and place = 5) where id = 3',
  )
  const batch = [log.event()]
  await expect(store.audit.append(batch)).rejects.toThrow('the end of a chain is not where this process left it')
  await expect(store.audit.append(batch)).rejects.toThrow('the audit log was changed by somebody else')
  await store.audit.append(batch)
  await log.stop()
  expect(await problems()).toEqual(['3:6 the end of the chain is missing: checkpoint 2 signs the place 7'])
})

/** Makes the next commit report a failure, after it was done or instead. */
function failCommit(isDone: boolean): void {
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  exec.mockImplementation(function (this: DatabaseSync, sql) {
    if (sql !== 'commit') return run.call(this, sql)
    exec.mockRestore()
    if (isDone) this.exec(sql)
    throw Object.assign(new Error('the disk fails'), { errcode: 10 })
  })
}
const run = DatabaseSync.prototype.exec

test.each([true, false])('a batch whose commit failed is written once; it was done: %s', async (isDone) => {
  const { store } = await log.run()
  await store.audit.append([log.event()])
  const batch = [log.event(), log.event('refused')]
  await store.audit.append(batch.slice(1))
  failCommit(isDone)
  await expect(store.audit.append(batch)).rejects.toThrow()
  await store.audit.append(batch)
  await store.audit.append([log.event()])
  await log.stop()
  const { faults, events } = await log.verify()
  // One more event tells of the audit key.
  expect({ faults, events }).toEqual({ faults: [], events: 6 })
})

describe('another key', () => {
  const rotate = async (masterKey = MASTER) => {
    const { store } = await log.run()
    return rotateAuditKey({ ...contextOf(store, log.clock, masterKey), masterKey })
  }

  test('the old one and the new one vouch for each other', async () => {
    await fill()
    const [first = ''] = (await log.verify()).keys
    const { kid } = await rotate()
    await log.write(3)
    await log.stop()
    for (const key of [undefined, first, kid])
      expect(await log.verify({ key })).toMatchObject({ faults: [], checkpoints: 4, uncovered: 0, keys: [first, kid] })
    expect(log.tamper('select count(*) as count from audit_key where encrypted_private_key is not null')).toEqual([
      { count: 1 },
    ])
    // A successor that the old key has not signed is not trusted by those who know the old one only.
    log.tamper(`update audit_key set previous_signature = x'00' where kid = ?`, kid)
    expect(await problems()).toEqual([])
    expect(await problems({ key: first })).toContainEqual(
      `undefined:undefined no trusted key vouches for the audit key ${kid}`,
    )
  })

  test('after a repair, the new one vouches for the old one, but not the reverse', async () => {
    await fill()
    const [first = ''] = (await log.verify()).keys
    log.tamper(`update audit_key set encrypted_private_key = x'00'`)
    const { store } = await log.run()
    const context = contextOf(store, log.clock, MASTER)
    expect(await auditKeyProblem(context)).toMatch(/^the private part of the audit key .* can not be decrypted/)
    await repairAuditKey(context)
    expect(await auditKeyProblem(context)).toBeUndefined()
    await log.stop()
    expect(await log.verify()).toMatchObject({ faults: [], checkpoints: 4 })
    const { faults } = await log.verify({ key: first })
    expect(faults.map(({ problem }) => problem)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^no trusted key vouches for the audit key/),
        'checkpoint 4 is not signed by a trusted key',
      ]),
    )
  })

  test('under another master key, it signs as before', async () => {
    await fill()
    const rekeyed = new MasterKey(Buffer.alloc(32, 9), systemRandom, Buffer.alloc(32, 7))
    const { store } = await log.run()
    const context = contextOf(store, log.clock, rekeyed)
    await rewrapKeys(context, () => {})
    const rewrapped: string[] = []
    expect(await rewrapAuditKey(context, (kid) => rewrapped.push(kid))).toEqual([])
    await log.stop(false)
    const alone = new MasterKey(Buffer.alloc(32, 9), systemRandom)
    await log.run(alone)
    await log.write(1)
    await log.stop()
    expect(await log.verify({}, alone)).toMatchObject({ faults: [], checkpoints: 4, keys: rewrapped })
  })
})
