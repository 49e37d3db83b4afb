import type { Readings } from '../observability/readings.ts'
import { FRESH_MS } from '../platform/freshness.ts'
import type { Model } from './model.ts'

/** The milliseconds of changes that a process may have missed, by the part of its state. */
const agesOf = ({ changes, revocations }: Model): ReadonlyMap<string, number> =>
  new Map([...changes.ages(), ['revocations', revocations.age]])

/** The reasons why a process can't answer as it should, one line each. `/readyz` lists them. */
export async function problemsOf(model: Model): Promise<readonly string[]> {
  // After a pause of the process, its state is outdated until the next read, which alone is no problem.
  await Promise.allSettled([model.changes.catchUp(), model.revocations.catchUp()])
  return [
    ...[...agesOf(model)]
      .filter(([, age]) => age > FRESH_MS)
      .map(([of, age]) => `this process may have missed changes of ${of} in the last ${Math.round(age / 1000)} s`),
    ...[...model.keyring.idle].map(
      ([algorithm, { id, problem }]) => `no token is issued with ${algorithm}: key ${id}: ${problem}`,
    ),
  ]
}

export const readCondition = (model: Model): Readings => ({
  tessera_state_age_seconds: [...agesOf(model)].map(([of, age]) => ({ labels: { of }, value: age / 1000 })),
})
