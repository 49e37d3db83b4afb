import { setImmediate } from 'node:timers/promises'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

/**
 * Runs work that must not stop halfway: a server makes secrets, and its answer is the only copy. A signal ends the process after the
 * work; a second one ends it at once.
 */
export async function holdingSignals<Result>(
  say: (text: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  let held: NodeJS.Signals | undefined
  const hold = (signal: NodeJS.Signals) => {
    if (held !== undefined) return release(signal)
    held = signal
    say('This ends once the new secrets are handed over, so that none is lost. A second signal ends it at once.')
  }
  const release = (signal: NodeJS.Signals | undefined) => {
    for (const one of SIGNALS) process.off(one, hold)
    if (signal !== undefined) process.kill(process.pid, signal)
  }
  for (const one of SIGNALS) process.on(one, hold)
  try {
    return await work()
  } finally {
    // A signal that came while a command took the secrets is delivered once the loop has polled: between the first and the second.
    await setImmediate()
    await setImmediate()
    release(held)
  }
}
