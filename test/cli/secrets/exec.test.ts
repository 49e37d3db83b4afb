import { expect, test } from 'vitest'
import { openCommand } from '../../../src/cli/secrets/exec.ts'

const MADE = [{ client_id: 'billing', label: 'main', secret: 'tss_secret' }]
const MOST_OUTPUT = 1024 * 1024

/** Hands a secret to a command. @returns the lines that the command printed */
function hand(command: string, bounds?: Parameters<typeof openCommand>[2]): readonly string[] {
  const said: string[] = []
  openCommand(command, { say: (line) => said.push(line) }, bounds).take(MADE, () => '')
  return said
}

/** A command that prints so many bytes on a stream. */
const printing = (bytes: number, stream: 1 | 2) => `cat >/dev/null; head -c ${bytes} /dev/zero | tr '\\0' x >&${stream}`

test.each([1, 2] as const)('a command may print 1 MiB on stream %i, and no more', (stream) => {
  expect(hand(printing(MOST_OUTPUT, stream))).toEqual(['x'.repeat(MOST_OUTPUT)])
  expect(() => hand(printing(MOST_OUTPUT + 1, stream))).toThrow('printed more than 1 MiB')
})

test('an endless output ends the command', () => {
  expect(() => hand('cat >/dev/null; cat /dev/zero')).toThrow('printed more than 1 MiB')
})

test('a command that takes too long is ended, also if it starts others', () => {
  const bounds = { time: 300, output: MOST_OUTPUT }
  const begun = performance.now()
  for (const command of ['cat >/dev/null; sleep 60', 'cat >/dev/null; sleep 60 & wait', 'trap "" TERM; sleep 60'])
    expect(() => hand(command, bounds)).toThrow('the command of --secrets-to took longer than 0.3 seconds')
  expect(performance.now() - begun).toBeLessThan(30_000)
})

test('a command that is done in time may take all secrets of the largest manifest', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({
    client_id: `client-${index}`,
    label: 'main',
    secret: `tss_${'x'.repeat(43)}`,
  }))
  const said: string[] = []
  openCommand('wc -l', { say: (line) => said.push(line.trim()) }).take(many, () => '')
  expect(said).toEqual(['100000'])
})
