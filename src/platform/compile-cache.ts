import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { homeFolder } from './home.ts'

/**
 * Keeps compiled code for the next start, in this person's own folder. Node's default is the temporary folder of the machine, where
 * others could put code that this person then runs.
 */
export function keepCompiledCode(): void {
  const { NODE_COMPILE_CACHE: given, NODE_DISABLE_COMPILE_CACHE: isOff, XDG_CACHE_HOME: cache } = process.env
  if (isOff === '1') return
  if (given) enableCompileCache()
  else if (cache) keepIn(cache, 'tessera')
  else keepIn(homeFolder(), '.cache/tessera')
}

/** Node tries for ever to make a folder where none can be, as below `/proc`. So the folder above must be there. */
function keepIn(above: string, name: string): void {
  if (existsSync(above)) enableCompileCache(join(above, name))
}
