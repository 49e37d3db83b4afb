import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeAddress } from '../../bench/servers/databases.ts'
import { Workspace } from '../../bench/workspace.ts'

let folder: string
let temporary: string | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-bench-test-'))
  // PostgreSQL runs as another user if the tests run as root.
  chmodSync(folder, 0o755)
  temporary = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
})
afterEach(() => {
  if (temporary === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = temporary
  rmSync(folder, { recursive: true })
})

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test('the PostgreSQL server of a bench ends with it, and leaves no files', async () => {
  const workspace = new Workspace()
  const port = Number(new URL(await makeAddress('postgres', workspace, workspace.folder)).port)
  expect(await answers(port)).toBe(true)
  await workspace.close()
  expect(await answers(port)).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})
