/**
 * Builds the container image into a new folder, without a container engine: an OCI image layout, and a bill of materials for each
 * platform. docs/start/container.md is its page.
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { baseOf, USER } from './image/base.ts'
import { settingsOf } from './image/config.ts'
import { archivesHere } from './image/debian.ts'
import { Layout } from './image/layout.ts'
import { readLock } from './image/lock.ts'
import { pack, unpack } from './image/npm.ts'
import { architectureOf } from './image/platforms.ts'
import { dependenciesOf, partsOf, programTree, readProgram } from './image/program.ts'
import { run } from './image/run.ts'
import { billOfMaterials } from './image/sbom.ts'

const USAGE = `usage: npm run image -- FOLDER [--package FILE.tgz] [--platform linux/amd64] [--debian ARCHIVE]
  FOLDER must not exist yet. Give --platform or --debian again for several of them.`

const work = mkdtempSync(join(tmpdir(), 'tessera-image-'))
try {
  await build()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true })
}

async function build(): Promise<void> {
  const { out, packed, architectures, archives } = readArguments()
  const { created, revision } = readOrigin()
  const locked = readLock()
  const program = readProgram(unpack(packed ?? packProgram(), join(work, 'program')), locked)
  const layout = new Layout(join(work, 'layout'))
  const dependencies = layout.layer(dependenciesOf(program).tar(), 'npm packages')
  for (const architecture of architectures) {
    const { tree, node, libraries } = await baseOf(architecture, { locked, archives, work })
    const { app, packages } = partsOf(program, node)
    const bill = billOfMaterials(app, [...packages, ...libraries, node], created)
    writeFileSync(join(layout.folder, `sbom-${architecture}.cdx.json`), bill)
    const layers = [
      layout.layer(tree.tar(), 'Node and its libraries'),
      dependencies,
      layout.layer(programTree(program, bill).tar(), program.name),
    ]
    const { version, license, repository } = program
    const facts = { version, revision, created, license, source: repository?.url, user: USER }
    layout.image(architecture, layers, settingsOf(facts), created)
  }
  layout.finish('tessera', program.version)
  layout.copyTo(out)
}

/** @throws Error that says how to mend the command line */
function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      package: { type: 'string' },
      platform: { type: 'string', multiple: true, default: ['linux/amd64', 'linux/arm64'] },
      debian: { type: 'string', multiple: true },
    },
  })
  const [out] = positionals
  if (out === undefined || positionals.length > 1) throw new Error(USAGE)
  if (existsSync(out)) throw new Error(`${out} exists already: name a new folder`)
  const architectures = values.platform.map(architectureOf)
  return { out, packed: values.package, architectures, archives: values.debian ?? archivesHere() }
}

/** The time and the commit that the image names. The same commit gives the same image. */
function readOrigin(): { readonly created: string; readonly revision: string } {
  const git = (...args: readonly string[]) => run('git', args).toString().trim()
  const seconds = process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct')
  if (!/^\d{1,10}$/.test(seconds)) throw new Error(`SOURCE_DATE_EPOCH is ${seconds}: it must be seconds since 1970`)
  const revision = git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*')
  return { created: new Date(1000 * Number(seconds)).toISOString(), revision }
}

/** Builds the npm package, and packs it. @returns the file */
function packProgram(): string {
  const built = join(work, 'built')
  run(process.execPath, ['scripts/build.ts', built])
  return pack(built, join(work, 'packed'))
}
