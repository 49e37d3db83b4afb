import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { authorityOf, ensureCertificate } from '../../src/cli/dev/certificate.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { migrateDatabase } from '../../src/store/open.ts'
import { chromiumPath } from './chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The paths of a certificate for localhost and of its CA. Every test server uses it. */
    readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
    /** The path of a migrated SQLite database without data. Copying it takes a tenth of the time of the migrations. */
    readonly emptyDatabase: string
    /** The path of a PostgreSQL cluster without data. The first server that starts makes it, and the others copy it. */
    readonly emptyCluster: string
    /** The path of the browser. */
    readonly chromium: string
  }
}

/** Makes the shared files of a run. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-test-setup-'))
  const emptyDatabase = join(folder, 'empty.db')
  await migrateDatabase(`sqlite:${emptyDatabase}`, systemClock)
  project.provide('emptyDatabase', emptyDatabase)
  project.provide('chromium', await chromiumPath())
  project.provide('emptyCluster', join(folder, 'cluster'))
  project.provide('tls', { ...ensureCertificate(folder, systemClock, systemRandom), ca: authorityOf(folder) })
  return () => rmSync(folder, { recursive: true })
}
