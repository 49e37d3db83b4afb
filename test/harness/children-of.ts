import { spawnSync } from 'node:child_process'

/** The child processes of a process: their ids, oldest first. */
export function childrenOf(pid: number | undefined): readonly number[] {
  const { stdout, error } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  if (error) throw error
  return stdout.split('\n').filter(Boolean).map(Number)
}
