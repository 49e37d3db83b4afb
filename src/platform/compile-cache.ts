import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps compiled code for the next start, in this person's own folder. Node's default is the temporary folder of the machine, where
 * others could put code that this person then runs.
 */
export function keepCompiledCode(): void {
  try {
    const { NODE_COMPILE_CACHE: given, XDG_CACHE_HOME: cache } = process.env
    enableCompileCache(given || join(cache || join(homedir(), '.cache'), 'tessera'))
  } catch {
    // A user without a home has no cache. Node itself reports nothing if it can't write there.
  }
}
