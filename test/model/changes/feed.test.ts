import { describe, expect, test } from 'vitest'
import type { Change } from '../../../src/model/changes/change.ts'
import { ChangeFeed } from '../../../src/model/changes/feed.ts'
import { DomainError } from '../../../src/platform/domain-error.ts'
import { StorageUnavailable } from '../../../src/platform/storage-unavailable.ts'
import { clockAt } from '../../harness/clock.ts'

const away = () => new StorageUnavailable(undefined)
const denied = () => new Error('permission denied for table change')

/** A listener that records its input, and may fail or be slow. */
function createListener(name: string, told: string[]) {
  const state = { error: undefined as Error | undefined, held: undefined as Promise<void> | undefined }
  const take = async (what: string) => {
    told.push(`${name} ${what}`)
    await state.held
    if (state.error !== undefined) throw state.error
  }
  return {
    state,
    listener: {
      apply: (changes: readonly Change[]) => take(changes.map(({ id }) => id).join(' ')),
      reset: () => take('everything'),
    },
  }
}

function create() {
  let now = 0
  const listed: Change[] = []
  const told: string[] = []
  const asked: number[] = []
  const errors: unknown[] = []
  const store = { error: undefined as Error | undefined, missed: false }
  const [directory, keys] = [createListener('directory', told), createListener('keys', told)]
  const feed = new ChangeFeed({
    store: {
      latestChange: async () => listed.length,
      changesSince: async (seq) => {
        asked.push(seq)
        if (store.error !== undefined) throw store.error
        return { latest: listed.length, changes: listed.slice(seq), missed: store.missed }
      },
    },
    clock: { now: () => now, monotonic: () => now },
    listeners: { directory: directory.listener, keys: keys.listener },
    start: { latest: 0, readAt: 0 },
    onError: (error) => errors.push(error),
  })
  return {
    feed,
    store,
    asked,
    errors,
    directory: directory.state,
    keys: keys.state,
    change: (id: string, kind: Change['kind'] = 'client') => void listed.push({ kind, id }),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    told: () => told.splice(0),
  }
}

const reasonOf = (waiting: Promise<void> | undefined) =>
  waiting?.then(
    () => 'resolved',
    (error: unknown) => (error instanceof DomainError ? error.reason : error),
  )

describe('news', () => {
  test('goes once to each listener', async () => {
    const { feed, asked, change, told } = create()
    change('a')
    await feed.poll()
    await feed.poll()
    expect(told()).toEqual(['directory a', 'keys a'])
    expect(asked).toEqual([0, 1])
  })

  test('is everything, if part of it is unknown', async () => {
    const { feed, store, change, told } = create()
    change('a')
    store.missed = true
    await feed.poll()
    expect(told()).toEqual(['directory everything', 'keys everything'])
  })

  test('that one listener fails to process is reloaded for it alone; others go on, and hear it once', async () => {
    const { feed, keys, asked, errors, change, told } = create()
    keys.error = new Error('no')
    change('a')
    await expect(feed.poll()).rejects.toThrow('no')
    expect(told()).toEqual(['directory a', 'keys a'])
    for (const id of ['b', 'c']) {
      change(id)
      await expect(feed.poll()).rejects.toThrow('no')
      expect(told()).toEqual([`directory ${id}`, 'keys everything'])
    }
    keys.error = undefined
    await feed.poll()
    await feed.poll()
    expect(told()).toEqual(['keys everything'])
    expect(asked).toEqual([0, 1, 2, 3, 3])
    expect(errors.length).toBeGreaterThan(0)
  })

  test('is everything, if too much of it waits for a listener', async () => {
    const { feed, keys, change, told } = create()
    let release = () => {}
    keys.held = new Promise((resolve) => {
      release = resolve
    })
    change('a')
    const slow = feed.poll()
    await new Promise((resolve) => setImmediate(resolve))
    for (let n = 0; n < 10_001; n += 1) change(`b${n}`)
    const second = feed.poll()
    await new Promise((resolve) => setImmediate(resolve))
    release()
    await Promise.all([slow, second])
    expect(told().filter((line) => line.startsWith('keys'))).toEqual(['keys a', 'keys everything'])
  })

  test('goes to a listener that may be late, whose failures delay nobody and make nothing stale', async () => {
    const told: string[] = []
    const [prompt, late] = [createListener('prompt', told), createListener('late', told)]
    const errors: unknown[] = []
    let now = 0
    let seq = 0
    const feed = new ChangeFeed({
      store: {
        latestChange: async () => 0,
        changesSince: async () => {
          seq += 1
          return { latest: seq, changes: [{ kind: 'client', id: String(seq) }], missed: false }
        },
      },
      clock: { now: () => now, monotonic: () => now },
      listeners: { prompt: prompt.listener },
      unhurried: [late.listener],
      start: { latest: 0, readAt: 0 },
      onError: (error) => errors.push(error),
    })
    late.state.error = new Error('no')
    for (let count = 0; count < 3; count += 1) {
      now += 2_000
      await feed.poll()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(errors).toEqual([late.state.error, late.state.error, late.state.error])
    expect(feed.catchUp()).toBeUndefined()
    expect(feed.keepUp()).toBeUndefined()
    expect([...feed.ages().keys()]).toEqual(['prompt'])
    expect(told).toEqual(['prompt 1', 'late 1', 'prompt 2', 'late everything', 'prompt 3', 'late everything'])
    late.state.error = undefined
    late.state.held = new Promise(() => {})
    await feed.poll()
    await feed.poll()
    expect(told.slice(6)).toEqual(['prompt 4', 'late everything', 'prompt 5'])
  })

  test('doesn’t wait for another listener to process earlier news', async () => {
    const { feed, keys, change, told } = create()
    let release = () => {}
    keys.held = new Promise((resolve) => {
      release = resolve
    })
    change('a')
    const slow = feed.poll()
    await new Promise((resolve) => setImmediate(resolve))
    change('b')
    const second = feed.poll()
    change('c')
    await new Promise((resolve) => setImmediate(resolve))
    const third = feed.poll()
    await new Promise((resolve) => setImmediate(resolve))
    expect(told()).toEqual(['directory a', 'keys a', 'directory b', 'directory c'])
    release()
    await Promise.all([slow, second, third])
    expect(told()).toEqual(['keys b c'])
  })
})

describe('a process that', () => {
  type Setting = ReturnType<typeof create>
  /** The cause of missing news, the answers that are still allowed, and the reason to refuse the others. */
  const cases: [string, (setting: Setting) => void | Promise<void>, string | undefined, string | undefined][] = [
    ['has read the news', () => {}, undefined, undefined],
    ['was busy for a while', ({ pass }) => pass(60_000), 'resolved', undefined],
    [
      'has read nothing for a second, because the database is away',
      async ({ feed, store, pass }) => {
        store.error = away()
        await feed.poll().catch(() => {})
        pass(1_001)
      },
      'storage_unavailable',
      undefined,
    ],
    [
      'may not read the changes, although the database answers',
      async ({ feed, store, pass }) => {
        store.error = denied()
        await feed.poll().catch(() => {})
        pass(1_001)
      },
      'out_of_date',
      'out_of_date',
    ],
    [
      'has known for less than a second of a change that it can’t apply',
      async ({ feed, keys, change, pass }) => {
        keys.error = denied()
        change('k', 'key')
        await feed.poll().catch(() => {})
        pass(1_000)
        await feed.poll().catch(() => {})
      },
      undefined,
      undefined,
    ],
    [
      'has known for over a second of a change that it can’t apply, though it reads on',
      async ({ feed, keys, change, pass }) => {
        keys.error = denied()
        change('k', 'key')
        for (let n = 0; n < 6; n += 1) {
          await feed.poll().catch(() => {})
          pass(200)
        }
      },
      'out_of_date',
      'out_of_date',
    ],
    [
      'can’t apply a change because reading it fails',
      async ({ feed, keys, change, pass }) => {
        keys.error = away()
        change('k', 'key')
        await feed.poll().catch(() => {})
        pass(1_001)
        await feed.poll().catch(() => {})
      },
      'storage_unavailable',
      'storage_unavailable',
    ],
    [
      'knows of a change, and then loses the database',
      async ({ feed, store, directory, change, pass }) => {
        directory.error = away()
        change('a', 'api')
        await feed.poll().catch(() => {})
        store.error = away()
        pass(1_001)
        await feed.poll().catch(() => {})
      },
      'storage_unavailable',
      'storage_unavailable',
    ],
    [
      'has applied a change after more than a second',
      async ({ feed, keys, change, pass }) => {
        keys.error = denied()
        change('k', 'key')
        await feed.poll().catch(() => {})
        pass(1_001)
        keys.error = undefined
      },
      'resolved',
      'resolved',
    ],
  ]
  test.each(cases)('%s', async (_name, happen, catchUp, keepUp) => {
    const setting = create()
    await setting.feed.poll()
    await happen(setting)
    expect(await reasonOf(setting.feed.keepUp())).toBe(keepUp)
    // A new process, because the first request may have mended the old one.
    const again = create()
    await again.feed.poll()
    await happen(again)
    expect(await reasonOf(again.feed.catchUp())).toBe(catchUp)
    const isKnown = catchUp === undefined || catchUp === 'resolved'
    expect([...again.feed.ages().values()].every((age) => age <= 1_000)).toBe(isKnown)
  })

  test('gets many requests at once reads no more often', async () => {
    const { feed, store, asked, pass } = create()
    store.error = away()
    pass(2_000)
    const refused = await Promise.all(Array.from({ length: 100 }, () => reasonOf(feed.catchUp())))
    expect(new Set(refused)).toEqual(new Set(['storage_unavailable']))
    expect(asked).toHaveLength(1)
  })

  test('read before its feed started has news as old as that read', async () => {
    const store = { latestChange: async () => 0, changesSince: async () => ({ latest: 0, changes: [], missed: false }) }
    const listeners = { keys: createListener('keys', []).listener }
    const clock = clockAt(5_000)
    const feed = new ChangeFeed({ store, clock, listeners, start: { latest: 0, readAt: 1_000 }, onError: () => {} })
    expect(feed.ages().get('keys')).toBe(4_000)
    await feed.catchUp()
    expect(feed.ages().get('keys')).toBe(0)
  })

  test('is up to date again answers at once', async () => {
    const { feed, store, pass } = create()
    store.error = away()
    pass(2_000)
    expect(await reasonOf(feed.catchUp())).toBe('storage_unavailable')
    store.error = undefined
    expect(await reasonOf(feed.catchUp())).toBe('resolved')
    expect(feed.catchUp()).toBeUndefined()
    expect([...feed.ages()]).toEqual([
      ['directory', 0],
      ['keys', 0],
    ])
  })
})
