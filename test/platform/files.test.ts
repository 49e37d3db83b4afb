import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readFile } from '../../src/platform/files.ts'

/** A pipe that nobody writes to. */
function newPipe(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-pipe-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  return path
}

/** A pipe whose writer has written a text, and stays. */
function writtenPipe(text: string): string {
  const path = newPipe()
  const writer = openSync(path, constants.O_RDWR)
  onTestFinished(() => closeSync(writer))
  writeSync(writer, text)
  return path
}

test.each(['', 'the beginning'])('a pipe that falls silent after %j is given up', (text) => {
  expect(readFile(writtenPipe(text), 100, 40)).toEqual({ fault: 'it is a pipe that gave nothing for 0.04 s' })
})

test('a pipe is not read beyond the limit, and not at all without patience', () => {
  expect(readFile(writtenPipe('x'.repeat(2_000)), 1_024, 40)).toEqual({ fault: 'it is longer than 1 KiB' })
  expect(readFile(writtenPipe('secret'), 100, 0)).toEqual({ fault: 'it is a pipe, which can be read only once' })
})

test('a pipe that nobody writes to is empty', () => {
  expect(readFile(newPipe(), 100, 60_000)).toEqual({ bytes: Buffer.of() })
})

test('a pipe is read to its end, however long its writer takes between two parts', () => {
  const script = `const { readFile } = await import(process.argv[1])
    process.stdout.write(readFile("/dev/fd/3", 100, 60_000).bytes)`
  const url = new URL('../../src/platform/files.ts', import.meta.url).href
  const read = `"${process.execPath}" --input-type=module -e '${script}' ${url} 3< <(printf one; sleep 0.3; printf two)`
  expect(execFileSync('bash', ['-c', read]).toString()).toBe('onetwo')
})
