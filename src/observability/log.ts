import { type Logger, pino } from 'pino'
import { standardError } from '../platform/standard-streams.ts'

export type { Logger }

/** Makes a logger to standard error, since standard output is for the results of commands. */
export const createLogger = (level: string): Logger => pino({ level, base: null }, { write })

/** Writes a line, or drops it if that fails. A log without a reader, or a full disk, must not stop a server. */
function write(line: string): void {
  try {
    standardError.write(line)
  } catch {}
}
