import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricTable, processMetricTable } from '../../../src/observability/table.ts'
import { MODEL, SECRET } from '../../harness/model.ts'
import { scrape } from '../../harness/scrape.ts'
import { basic, startTestServer } from '../../harness/server.ts'

test('metric-labels: a scrape has exactly the metrics of the table, with its types and labels', async () => {
  const server = await startTestServer({ manifest: MODEL, options: { 'shutdown.timeout': '0' } })
  await server.token({ grant_type: 'client_credentials', scope: 'edit' }, basic('reporter', SECRET))
  const { types, samples, value } = await scrape(server.admin)
  const ours = [...types].filter(([name]) => name.startsWith('tessera_'))
  expect(Object.fromEntries(ours)).toEqual(
    Object.fromEntries(Object.entries(metricTable).map(([name, { type }]) => [name, type])),
  )
  const table = new Map<string, readonly string[]>(
    Object.entries(metricTable).map(([name, { labels }]) => [name, Object.keys(labels)]),
  )
  for (const { name, labels } of samples.filter((sample) => sample.name.startsWith('tessera_'))) {
    const metric = table.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
    const wanted = [...(table.get(metric) ?? []), ...(name.endsWith('_bucket') ? ['le'] : [])]
    expect([name, Object.keys(labels).toSorted()]).toEqual([name, wanted.toSorted()])
  }
  for (const name of Object.keys(processMetricTable)) expect(types.has(name), name).toBe(true)

  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(value('tessera_build_info', { version, node: process.version, storage: 'sqlite' })).toBe(1)
  expect(value('process_resident_memory_bytes', { role: 'server' })).toBeGreaterThan(10_000_000)
  await server.stop()
})
