import type { KeyContext } from './context.ts'
import { type KeyRepair, planRepair, refuseMistaken } from './plan-repair.ts'

/** Plans a repair of the keys and writes nothing. `isLost` and the errors are those of `refuseMistaken`. */
export async function inspectKeys(context: KeyContext, isLost: boolean): Promise<KeyRepair> {
  const rows = await context.store.keys.listKeys()
  refuseMistaken(context, rows, isLost)
  return planRepair(context, rows, new Map()).repair
}
