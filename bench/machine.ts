import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'

/** The machine and the code that the figures hold for: processor, Node, commit. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${model}, ${availableParallelism()} cores, ${process.platform}; Node ${process.version}; commit ${commit()}`
}

function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', timeout: 10_000 })
  const head = git('rev-parse', '--short', 'HEAD')
  if (head.status !== 0) return 'none yet'
  return head.stdout.trim() + (git('status', '--porcelain').stdout === '' ? '' : ' with changes')
}
