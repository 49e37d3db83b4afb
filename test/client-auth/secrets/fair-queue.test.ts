import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FairQueue, type Place, SecretQueueFull } from '../../../src/client-auth/secrets/fair-queue.ts'

type Class = 'known' | 'new'

/** A queue whose job ends on demand, and the outcome of each job. */
function busyQueue(waiting: Readonly<Record<Class, number>>, turns: readonly Class[] = ['known', 'new']) {
  const queue = new FairQueue<Class>({ concurrency: 1, waiting, turns })
  const served: string[] = []
  const turnedAway: string[] = []
  const first = Promise.withResolvers<void>()
  const all = [queue.run({ class: 'known', lanes: ['first'] }, () => first.promise)]
  const add = (name: string, ...lanes: readonly string[]) => wait({ class: 'new', lanes }, name)
  const wait = (place: Place<Class>, name: string): void => {
    const job = queue.run(place, async () => void served.push(name))
    all.push(job.catch((error: unknown) => void (error instanceof SecretQueueFull && turnedAway.push(name))))
  }
  const finish = async () => {
    first.resolve()
    await Promise.all(all)
    return { served, turnedAway }
  }
  return { queue, add, wait, finish }
}

describe('lanes take turns', () => {
  test('a long lane delays another by only one job', async () => {
    const { add, finish } = busyQueue({ known: 0, new: 10 })
    for (const [name, lane] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['b1', 'b'],
    ] as const)
      add(name, lane)
    expect((await finish()).served).toEqual(['a1', 'b1', 'a2', 'a3'])
  })

  test('and so do sublanes, which share one turn', async () => {
    const { add, finish } = busyQueue({ known: 0, new: 10 })
    for (const [name, ...lanes] of [
      ['attacker 1', '198', '198.51', 'x'],
      ['attacker 2', '198', '198.51', 'y'],
      ['attacker 3', '198', '198.52', 'z'],
      ['good', '203', '203.0', 'g'],
    ] as const)
      add(name, ...lanes)
    expect((await finish()).served).toEqual(['attacker 1', 'good', 'attacker 3', 'attacker 2'])
  })
})

describe('classes take turns', () => {
  test('in the given order, again and again', async () => {
    const { add, wait, finish } = busyQueue({ known: 9, new: 9 }, ['known', 'known', 'new'])
    for (const name of ['n1', 'n2', 'n3']) add(name, 'lane')
    for (const name of ['k1', 'k2', 'k3', 'k4']) wait({ class: 'known', lanes: ['lane'] }, name)
    expect((await finish()).served).toEqual(['k1', 'k2', 'n1', 'k3', 'k4', 'n2', 'n3'])
  })

  test('and go on after the class that was served, if those before it had no job', async () => {
    const queue = new FairQueue<Class>({
      concurrency: 1,
      waiting: { known: 9, new: 9 },
      turns: ['known', 'new', 'new'],
    })
    const served: string[] = []
    const all: Promise<unknown>[] = []
    const add = (name: string, place: Class, then = () => {}) => {
      const work = async () => {
        served.push(name)
        then()
      }
      all.push(queue.run({ class: place, lanes: ['lane'] }, work))
    }
    add('first', 'known')
    add('n1', 'new', () => add('k1', 'known'))
    add('n2', 'new')
    await Promise.all(all)
    await all.at(-1)
    expect(served).toEqual(['first', 'n1', 'n2', 'k1'])
  })
})

describe('if the queue is full', () => {
  test('a client may try again a second later', async () => {
    const queue = new FairQueue<Class>({ concurrency: 1, waiting: { known: 0, new: 0 }, turns: ['new'] })
    const first = queue.run({ class: 'new', lanes: ['a'] }, async () => {})
    const full = { name: 'SecretQueueFull', message: 'secret_queue_full', retryAfter: 1 }
    await expect(queue.run({ class: 'new', lanes: ['a'] }, async () => {})).rejects.toThrow(
      expect.objectContaining(full),
    )
    await first
  })

  test('the job that has waited longest in the fullest lane is dropped', async () => {
    const { add, finish } = busyQueue({ known: 0, new: 3 })
    for (const [name, lane] of [
      ['good', 'g'],
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['a4', 'a'],
    ] as const)
      add(name, lane)
    expect(await finish()).toEqual({ served: ['good', 'a3', 'a4'], turnedAway: ['a1', 'a2'] })
  })

  test('in the fullest of its sublanes', async () => {
    const { add, finish } = busyQueue({ known: 0, new: 3 })
    for (const [name, ...lanes] of [
      ['good', 'g', 'g'],
      ['a1', 'a', 'x'],
      ['b1', 'a', 'y'],
      ['b2', 'a', 'y'],
    ] as const)
      add(name, ...lanes)
    expect((await finish()).turnedAway).toEqual(['b1'])
  })

  test('a class takes neither room nor turns from another', async () => {
    const { add, wait, finish } = busyQueue({ known: 2, new: 2 }, ['known', 'known', 'new'])
    for (let count = 0; count < 50; count += 1) add(`flood ${count}`, `lane ${count}`)
    for (const name of ['one', 'two', 'three']) wait({ class: 'known', lanes: ['known'] }, name)
    const { served, turnedAway } = await finish()
    expect(served).toEqual(['two', 'three', 'flood 48', 'flood 49'])
    expect(turnedAway).toHaveLength(49)
  })

  test('there is room again afterwards', async () => {
    const { queue, add, finish } = busyQueue({ known: 0, new: 1 })
    for (const name of ['a', 'b', 'c']) add(name, 'lane')
    await finish()
    await expect(queue.run({ class: 'new', lanes: ['lane'] }, async () => 'served')).resolves.toBe('served')
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })
})

test('an empty class is skipped', async () => {
  const { add, finish } = busyQueue({ known: 1, new: 5 }, ['known', 'known', 'known', 'new'])
  for (const name of ['a', 'b', 'c']) add(name, name)
  expect((await finish()).served).toEqual(['a', 'b', 'c'])
})

test('a failing job doesn’t stop the next one', async () => {
  const queue = new FairQueue<Class>({ concurrency: 1, waiting: { known: 3, new: 3 }, turns: ['known', 'new'] })
  const place = { class: 'new', lanes: ['a'] } as const
  const failing = queue.run(place, () => Promise.reject(new Error('no')))
  const next = queue.run(place, async () => 'served')
  await expect(failing).rejects.toThrow('no')
  await expect(next).resolves.toBe('served')
})

test('the only job of a lane is served during a flood in fewer lanes than the queue has room', async () => {
  const job = fc.record({ lane: fc.nat({ max: 2 }), narrower: fc.nat({ max: 50 }), id: fc.nat({ max: 1000 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(job, { maxLength: 40 }), fc.array(job, { maxLength: 40 }), async (before, after) => {
      const { queue, add, finish } = busyQueue({ known: 0, new: 5 })
      const flood = (jobs: typeof before) => {
        for (const { lane, narrower, id } of jobs) add('flood', `lane ${lane}`, `narrower ${narrower}`, `id ${id}`)
      }
      flood(before)
      add('good', 'good', 'good', 'good')
      flood(after)
      expect(queue.waiting).toBeLessThanOrEqual(5)
      const { served, turnedAway } = await finish()
      expect(served.filter((name) => name === 'good')).toEqual(['good'])
      // Each of the three other lanes goes before it at most once.
      expect(served.indexOf('good')).toBeLessThanOrEqual(3)
      expect(served.length + turnedAway.length).toBe(before.length + after.length + 1)
    }),
  )
})
