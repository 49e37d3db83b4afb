import { readFileSync } from 'node:fs'

/** Linux reports processor time in hundredths of a second, independent of its own clock (time(7)). */
const TICKS_PER_SECOND = 100

/** Resident memory of a process and its children in bytes, or undefined if the system doesn't tell. */
export const residentBytes = (pid: number | undefined): number | undefined =>
  sumOfAll(pid, (one) => {
    const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readProc(one, 'status'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  })

/**
 * Starts counting. Returns a function that gives the milliseconds of processor time that a process and its children
 * have used since, or undefined if the system doesn't tell.
 */
export function watchProcessor(pid: number | undefined): () => number | undefined {
  const before = processorSeconds(pid)
  return () => {
    const after = processorSeconds(pid)
    return before === undefined || after === undefined ? undefined : (after - before) * 1000
  }
}

/**
 * Starts counting. Returns a function that gives the milliseconds for which the main thread of a process has waited for a core since,
 * because others had it. It gives `NaN` if the system doesn't tell.
 */
export function watchWaiting(pid: number | undefined): () => number {
  // The second number, in nanoseconds (https://docs.kernel.org/scheduler/sched-stats.html).
  const waited = () => Number(readProc(pid, 'schedstat').split(' ')[1] ?? Number.NaN) / 1e6
  const before = waited()
  return () => waited() - before
}

const processorSeconds = (pid: number | undefined): number | undefined => sumOfAll(pid, ownProcessorSeconds)

/** Sums over a process and its children, since one server may have several processes. */
function sumOfAll(
  pid: number | undefined,
  measure: (pid: number | undefined) => number | undefined,
): number | undefined {
  const children = readProc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  const measured = [pid, ...children].map(measure)
  return measured.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one))
}

function ownProcessorSeconds(pid: number | undefined): number | undefined {
  // `utime` and `stime` are fields 14 and 15 (proc_pid_stat(5)). The second field, a name, may contain anything before
  // its last `)`.
  const [utime, stime] = readProc(pid, 'stat').split(') ').at(-1)?.split(' ').slice(11, 13) ?? []
  return utime === undefined || stime === undefined ? undefined : (Number(utime) + Number(stime)) / TICKS_PER_SECOND
}

function readProc(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
