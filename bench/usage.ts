import { readFileSync } from 'node:fs'

/** Linux counts processor time for programs in hundredths of a second, whatever its own clock (time(7)). */
const TICKS_PER_SECOND = 100

/** The memory in RAM of a process and those that it has started, in bytes; undefined where the system doesn't tell. */
export const residentBytes = (pid: number | undefined): number | undefined =>
  sumOfAll(pid, (one) => {
    const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readProc(one, 'status'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  })

/**
 * From now on: returns, when called, the processor time in milliseconds that a process and those that it has started have used
 * since. Undefined where nobody tells.
 */
export function watchProcessor(pid: number | undefined): () => number | undefined {
  const before = processorSeconds(pid)
  return () => {
    const after = processorSeconds(pid)
    return before === undefined || after === undefined ? undefined : (after - before) * 1000
  }
}

const processorSeconds = (pid: number | undefined): number | undefined => sumOfAll(pid, ownProcessorSeconds)

/** Of a process and its children, which may be one each of several that serve as one. */
function sumOfAll(
  pid: number | undefined,
  measure: (pid: number | undefined) => number | undefined,
): number | undefined {
  const children = readProc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  const measured = [pid, ...children].map(measure)
  return measured.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one))
}

function ownProcessorSeconds(pid: number | undefined): number | undefined {
  // `utime` and `stime` are fields 14 and 15 (proc_pid_stat(5)); the second, a name, may hold anything up to its `)`.
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
