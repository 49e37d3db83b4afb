import { vi } from 'vitest'
import { standardError, standardOutput } from '../../src/platform/standard-streams.ts'

/** What a command printed, and what it ended with. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** The message of the mistake, as `tessera` prints it; undefined where all went well. */
  readonly error: string | undefined
}

/**
 * Runs the function behind a command in this process, with an environment: for all that is not about the command line, at a
 * hundredth of what a process costs. One at a time.
 */
export async function runCommand(env: Readonly<Record<string, string>>, command: () => Promise<void>): Promise<Ran> {
  const printed = { stdout: '', stderr: '' }
  const streams = { stdout: standardOutput, stderr: standardError } as const
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(streams[name], 'put').mockImplementation((bytes) => {
      printed[name] += Buffer.from(bytes).toString()
      return bytes.length
    }),
  )
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    await command()
    return { ...printed, error: undefined }
  } catch (error) {
    return { ...printed, error: error instanceof Error ? error.message : String(error) }
  } finally {
    vi.unstubAllEnvs()
    for (const spy of spies) spy.mockRestore()
  }
}
