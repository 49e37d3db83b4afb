import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Config } from '../config/resolve.ts'
import type { ClientRoom } from '../model/directory/directory.ts'
import { workersOf } from './workers/count.ts'

/** The part of the heap that clients may fill, and the part of all memory that those of all processes may. */
const PARTS = { heap: 1 / 3, memory: 1 / 8 }
/** The part of the heap that counts of guesses may fill during a flood. */
const GUESSES = 1 / 8

/** Bytes. */
interface Memory {
  /** The most that the heap of a process may take. Node makes it fit the machine or the container. */
  readonly heap: number
  /** The memory of the machine or of the container. */
  readonly memory: number
}

/** The room for clients in the memory of a process: `cache.clients`, or a part of the memory that there is. */
export function clientRoom(config: Pick<Config, 'cache' | 'workers'>, available = availableMemory()): ClientRoom {
  const { clients } = config.cache
  if (clients !== undefined) return { clients }
  const { heap, memory } = available
  return { bytes: Math.floor(Math.min(heap * PARTS.heap, (memory * PARTS.memory) / workersOf(config))) }
}

/** The room for counts of guesses in the memory of a process. Bytes. */
export const guessRoom = ({ heap }: Pick<Memory, 'heap'> = availableMemory()): number => Math.floor(heap * GUESSES)

/** A limit of 0 is unknown. Without a limit, the number is far above the memory of the machine. */
function availableMemory(): Memory {
  return {
    heap: getHeapStatistics().heap_size_limit,
    memory: Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()),
  }
}
