import { execFileSync } from 'node:child_process'

/** The memory in RAM of a process, in bytes. */
export const residentBytes = (pid: number | undefined): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
