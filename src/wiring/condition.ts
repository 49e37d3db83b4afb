import { FRESH_MS } from '../platform/freshness.ts'
import type { Readings } from '../telemetry/readings.ts'
import type { Model } from './model.ts'

/** What a process remembers, and for how many milliseconds it may not have known what was changed of it. */
const agesOf = ({ changes, revocations }: Model): ReadonlyMap<string, number> =>
  new Map([...changes.ages(), ['revocations', revocations.age]])

/** What keeps a process from answering as it should, a line each: for whoever decides whether it is sent requests. */
export async function problemsOf(model: Model): Promise<readonly string[]> {
  // One that was busy for a while has only to read what it has missed.
  await Promise.allSettled([model.changes.catchUp(), model.revocations.catchUp()])
  return [
    ...[...agesOf(model)]
      .filter(([, age]) => age > FRESH_MS)
      .map(([of, age]) => `what was changed of ${of} in the last ${Math.round(age / 1000)} s is not known here`),
    ...[...model.keyring.idle].map(
      ([algorithm, { id, problem }]) => `nothing is issued with ${algorithm}: of its key ${id}, ${problem}`,
    ),
  ]
}

export const readCondition = (model: Model): Readings => ({
  tessera_state_age_seconds: [...agesOf(model)].map(([of, age]) => ({ labels: { of }, value: age / 1000 })),
})
