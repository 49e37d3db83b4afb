import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { clientRoom, guessRoom } from '../../src/server/client-room.ts'

const MB = 1024 ** 2
const GB = 1024 ** 3

test.each([
  ['a large machine', { workers: 1, heap: 4 * GB, memory: 24 * GB, room: (4 * GB) / 3 }],
  ['eight workers on it', { workers: 8, heap: 4 * GB, memory: 24 * GB, room: (3 * GB) / 8 }],
  ['a container of 512 MB', { workers: 1, heap: 256 * MB, memory: 512 * MB, room: 64 * MB }],
  ['a heap made small by hand', { workers: 1, heap: 96 * MB, memory: 24 * GB, room: 32 * MB }],
])('by default, clients take a third of the heap, and an eighth of the memory in all: %s', (_, given) => {
  const { workers, heap, memory, room } = given
  const bytes = Math.floor(room)
  expect(clientRoom({ cache: { clients: undefined }, workers }, { heap, memory })).toEqual({ bytes })
})

test('a number in the configuration replaces the bytes', () => {
  expect(clientRoom({ cache: { clients: 10 }, workers: 1 })).toEqual({ clients: 10 })
})

test('counts of guesses take an eighth of the heap at most', () => {
  expect(guessRoom({ heap: 256 * MB })).toBe(32 * MB)
  expect(guessRoom()).toBeGreaterThan(8 * MB)
})

test('the limit that a process has counts', () => {
  const module = JSON.stringify(new URL('../../src/server/client-room.ts', import.meta.url))
  const program = `import { clientRoom } from ${module}
    process.stdout.write(JSON.stringify(clientRoom({ cache: {}, workers: 1 })))`
  const args = ['--max-old-space-size=60', '--input-type=module', '--eval', program]
  const { bytes } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  expect(bytes).toBeGreaterThan(20 * MB)
  // The new generation of the heap comes on top.
  expect(bytes).toBeLessThan(64 * MB)
})
