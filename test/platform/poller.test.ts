import { once } from 'node:events'
import { expect, test } from 'vitest'
import { cleanUp } from '../../src/platform/clean-up.ts'
import { Poller } from '../../src/platform/poller.ts'

test('stopping ends a clean-up of endless rows after its step, and waits for it', async () => {
  let steps = 0
  const started = new EventTarget()
  const remove = async () => {
    steps += 1
    started.dispatchEvent(new Event('step'))
    return 500
  }
  const failures: unknown[] = []
  const poller = new Poller(
    1,
    (ending) => cleanUp(remove, ending),
    (error) => failures.push(error),
  )
  const step = once(started, 'step')
  poller.start()
  await step
  await poller.stop()
  const atEnd = steps
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(steps).toBe(atEnd)
  expect(failures).toEqual([])
})
