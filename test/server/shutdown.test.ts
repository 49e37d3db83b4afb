import { expect, test } from 'vitest'
import { ShutdownStack } from '../../src/server/shutdown.ts'

const stackOf = (closed: string[], closing: Readonly<Record<string, 'closes' | 'fails'>>): ShutdownStack => {
  const stack = new ShutdownStack()
  for (const [name, end] of Object.entries(closing)) {
    stack.add(async () => {
      closed.push(name)
      if (end === 'fails') throw new Error(`${name} failed`)
    })
  }
  return stack
}

test('everything closes, last first', async () => {
  const closed: string[] = []
  await stackOf(closed, { store: 'closes', audit: 'closes', listener: 'closes' }).close()
  expect(closed).toEqual(['listener', 'audit', 'store'])
})

test('a failure doesn’t stop the other closings, and every error is reported', async () => {
  const closed: string[] = []
  const stack = stackOf(closed, { store: 'fails', audit: 'closes', listener: 'fails' })
  const error: unknown = await stack.close().catch((reason: unknown) => reason)
  expect(closed).toEqual(['listener', 'audit', 'store'])
  expect(error).toBeInstanceOf(AggregateError)
  expect(error).toMatchObject({ errors: [{ message: 'listener failed' }, { message: 'store failed' }] })
})

test('closing again does nothing', async () => {
  const closed: string[] = []
  const stack = stackOf(closed, { store: 'closes' })
  await stack.close()
  await stack.close()
  expect(closed).toEqual(['store'])
})
