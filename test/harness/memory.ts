import { execFileSync } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** The resident memory of a process, in bytes. */
export const residentBytes = (pid: number | undefined): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** The bytes that this process uses after garbage collection. */
export function bytesInUse(): number {
  if (typeof collectGarbage !== 'function') throw new Error('garbage can not be collected')
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Like `bytesInUse`, once memory outside of the heap is free whose owners are garbage. */
export const settledBytes = (): number => [bytesInUse(), bytesInUse(), bytesInUse()].at(-1) ?? 0
