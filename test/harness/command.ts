import { vi } from 'vitest'
import { standardError, standardOutput } from '../../src/platform/standard-streams.ts'

/** The output and the outcome of a command. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** The error message, as `tessera` prints it; undefined if the command succeeded. */
  readonly error: string | undefined
}

/**
 * Runs a command's function in this process, with an environment. This takes a hundredth of the time of a new process.
 * Calls must not overlap.
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
