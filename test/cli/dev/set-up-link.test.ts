import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTessera } from '../../harness/cli.ts'
import { freePort } from '../../harness/port.ts'
import { Visitor } from '../../harness/visitor.ts'

const LINK = /^ {2}(https:\/\/localhost:\d+\/setup#[0-9A-Za-z]{43})\r?$/m
const END = /Ctrl\+C stops it/

/** `script` of util-linux gives a command a terminal of its own. The one of macOS has other options. */
const hasTerminals = process.platform === 'linux' && existsSync('/usr/bin/script')

let data: string
let env: Record<string, string>
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'tessera-dev-link-'))
  env = {
    TESSERA_DATA: data,
    TESSERA_RUNTIME_PORT: String(await freePort()),
    TESSERA_ADMIN_PORT: String(await freePort()),
    TESSERA_TLS_CERT: inject('tls').cert,
    TESSERA_TLS_KEY: inject('tls').key,
  }
})
afterAll(() => rmSync(data, { recursive: true }))

/** Starts `tessera dev` on a terminal, and stops it after `work`. @returns all that it printed */
async function onTerminal(work: (output: string) => Promise<void> = async () => {}): Promise<string> {
  const command = `exec ${process.execPath} src/cli/main.ts dev`
  const child = spawn('/usr/bin/script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  })
  child.stderr.pipe(process.stderr)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let output = ''
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (END.test(output)) resolve()
      })
      child.once('exit', () => reject(new Error(output)))
    })
    await work(output)
  } finally {
    // The terminal turns this into a signal for the command.
    child.stdin.write('\u0003')
    await ended
  }
  return output
}

const linkIn = (output: string): string | undefined => LINK.exec(output)?.[1]

describe.skipIf(!hasTerminals)('`tessera dev` on a terminal (skipped without `script` of util-linux)', () => {
  test('shows the set-up link at each start until there is an account, and the address of the console always', async () => {
    const first = linkIn(await onTerminal())
    expect(first).toBeDefined()
    const second = await onTerminal(async (output) => {
      const { origin, hash } = new URL(linkIn(output) ?? '')
      const visitor = new Visitor(origin)
      const form = { token: hash.slice(1), name: 'anna', password: 'a tessera is a small tile' }
      expect((await visitor.post('/setup', form)).status).toBe(303)
      // The account is signed in, and the console works at once.
      expect((await visitor.get('/')).status).toBe(200)
      expect(visitor.page).toContain('id="root"')
    })
    expect(linkIn(second)).not.toBe(first)
    const third = await onTerminal()
    expect(third).not.toContain('/setup#')
    expect(third).toContain(`Console          https://localhost:${env['TESSERA_ADMIN_PORT']}`)
  })
})

test('elsewhere, `tessera dev` shows no link, and says how to make one', async () => {
  const other = mkdtempSync(join(tmpdir(), 'tessera-dev-link-'))
  const command = startTessera(['dev'], { ...env, TESSERA_DATA: other })
  try {
    await command.printed(END)
    expect(command.output()).not.toContain('/setup#')
    expect(command.output()).toContain('tessera admin bootstrap --link')
  } finally {
    await command.stop()
    rmSync(other, { recursive: true })
  }
})
