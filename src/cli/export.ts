import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { NotFound, UsageError } from '../platform/user-error.ts'
import type { Target } from './calls.ts'
import { destinationOf, ExportFiles, type OwnedEntry, pour, type Section } from './export/files.ts'
import { type FleetOptions, fleetQuery, type ManifestOptions, manifestQuery } from './fleet-options.ts'
import { withTarget } from './operate.ts'
import { isOutputGone, print, printable, say, withProgress } from './output.ts'
import type { TargetOptions } from './target.ts'

interface ExportOptions extends TargetOptions, ManifestOptions, Pick<FleetOptions, 'owner' | 'noOwner'> {
  /** A file or a folder. */
  readonly to?: string
  readonly client?: readonly string[]
  readonly api?: readonly string[]
}

const exported = z.looseObject({
  entry: z.record(z.string(), z.unknown()).optional(),
  manifest: z.string().optional(),
  notes: z.array(z.looseObject({ credential: z.number().optional(), text: z.string() })),
})

/** Some entries of a section. All APIs come before the first client. */
interface Part {
  readonly section: Section
  readonly entries: readonly OwnedEntry[]
}

/** `tessera export`: writes APIs and clients as a manifest. */
export async function exportManifest(options: ExportOptions): Promise<void> {
  const { api = [], client = [], to } = options
  const query = { ...fleetQuery(options), ...manifestQuery(options) }
  const isFiltered = Object.keys(query).length > 0
  const isNamed = api.length + client.length > 0
  if (isFiltered && isNamed)
    throw new UsageError('give --client and --api, or options that choose by owner or manifest, not both')
  const destination = destinationOf(to)
  await withTarget(options, async (target) => {
    const files = new ExportFiles(destination)
    try {
      const count = await gather(files, isNamed ? readNamed(target, api, client) : readAll(target, query))
      if (count === 0 && isFiltered) throw new NotFound('no API and no client fits the options')
      for (const path of files.finish()) {
        if (destination.kind === 'stream')
          await (destination.path === undefined ? printFile(path) : pour(path, destination.path))
        else say(`${printable(path)} is written`)
      }
      for (const path of files.older)
        say(`warning: ${printable(path)} is of an earlier export, and nothing is in it any more: delete it`)
    } finally {
      files.close()
    }
  })
}

/** @returns the number of entries */
const gather = (files: ExportFiles, parts: AsyncIterable<Part>): Promise<number> =>
  withProgress(async (state) => {
    let count = 0
    for await (const { section, entries } of parts) {
      files.add(section, entries)
      const missing = entries.filter(({ entry }) => entry === undefined)
      for (const { text } of missing.flatMap(({ notes }) => notes)) say(`warning: ${printable(text)}`)
      count += entries.length
      state(`${count} APIs and clients`)
    }
    return count
  })

async function* readAll(target: Target, query: ReturnType<typeof manifestQuery>): AsyncGenerator<Part> {
  for await (const entries of target.pages('export.apis', { query }, exported)) yield { section: 'apis', entries }
  for await (const entries of target.pages('export.clients', { query }, exported)) yield { section: 'clients', entries }
}

async function* readNamed(target: Target, apis: readonly string[], clients: readonly string[]): AsyncGenerator<Part> {
  for (const audience of inOrder(apis))
    yield { section: 'apis', entries: [await target.call('export.api', { path: { audience } }, exported)] }
  for (const id of inOrder(clients))
    yield { section: 'clients', entries: [await target.call('export.client', { path: { client_id: id } }, exported)] }
}

const inOrder = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted()

/** Lines that are printed at once. */
const LINES_AT_ONCE = 1_000

/** Prints a file, which may be larger than the memory. */
async function printFile(path: string): Promise<void> {
  let lines: string[] = []
  const flush = () => {
    if (lines.length > 0) print(lines.join('\n'))
    lines = []
  }
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    lines.push(line)
    if (lines.length >= LINES_AT_ONCE) flush()
    if (isOutputGone()) return
  }
  flush()
}
