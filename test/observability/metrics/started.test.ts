import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import { testConfig } from '../../harness/server.ts'

test.each([
  ['sqlite', (path: string) => path],
  ['postgres', () => 'postgres://tessera:hunter2-hunter2@db.example.com/tessera'],
  ['postgres', () => 'postgresql://tessera:hunter2-hunter2@db.example.com/tessera'],
] as const)('the start is logged once, with %s and nothing else of the database', async (storage, locate) => {
  const { config, folder } = await testConfig({ 'shutdown.timeout': '0' })
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) })
  const server = await startServer(
    { ...config, storage: locate(config.storage) },
    { log, open: (_location, clock) => openStore(config.storage, clock) },
  )
  await server.stop()
  expect(lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'started')).toEqual([
    {
      level: 30,
      time: expect.any(Number),
      msg: 'started',
      version: expect.any(String),
      issuer: config.issuer,
      listeners: { runtime: config.issuer, admin: `https://localhost:${config.admin.port}` },
      storage,
      workers: 1,
    },
  ])
  expect(lines.join('')).not.toMatch(/hunter2|db\.example|tessera\.db/)
  rmSync(folder, { recursive: true })
})
