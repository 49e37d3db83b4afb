import { availableParallelism } from 'node:os'
import type { Config } from '../../config/resolve.ts'

/** The worker processes of a server; 1 if it is one process. */
export const workersOf = ({ workers }: Pick<Config, 'workers'>): number =>
  workers === 'auto' ? availableParallelism() : workers
