import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { authorityOf, ensureCertificate } from '../../src/cli/dev/certificate.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The paths of one certificate for localhost, which every test server serves with, and of its authority. */
    readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
  }
}

/** Makes, once for a run, the certificate of the test servers. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-test-tls-'))
  project.provide('tls', { ...ensureCertificate(folder, systemClock, systemRandom), ca: authorityOf(folder) })
  return () => rmSync(folder, { recursive: true })
}
