import { execFileSync } from 'node:child_process'

/**
 * Runs a program of this machine; it inherits standard error.
 * @returns its standard output @throws Error if it is missing or fails
 */
export function run(program: string, args: readonly string[], folder?: string): Buffer {
  try {
    return execFileSync(program, args, {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Error(isMissing ? `${program} is missing: install it` : `${program} ${args.join(' ')} failed`)
  }
}
