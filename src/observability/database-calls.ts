import { StorageUnavailable } from '../platform/storage-unavailable.ts'
import { withCalls, withParts } from '../platform/wrapped.ts'
import { Durations } from './durations.ts'
import type { Readings } from './readings.ts'

type Result = 'ok' | 'unavailable' | 'error'

class StoreCalls {
  readonly durations = new Durations()
  readonly results: Record<Result, number> = { ok: 0, unavailable: 0, error: 0 }
}

/** Counts and times the calls of the database, by store. */
export class DatabaseCalls {
  readonly #stores = new Map<string, StoreCalls>()
  readonly #monotonic: () => number

  /** @param monotonic milliseconds */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /**
   * Wraps stores so that each call is counted. Members that are functions, such as `close`, stay as they are.
   * @param stores keyed by name. Names become labels, so there must be few
   */
  counted<Stores extends object>(stores: Stores): Stores {
    return withParts(stores, (store, name) => {
      const calls = new StoreCalls()
      this.#stores.set(name, calls)
      return withCalls(store, (call) => this.#count(calls, call))
    })
  }

  read(): Readings {
    const all = [...this.#stores]
    return {
      tessera_database_calls_total: all.flatMap(([store, { results }]) =>
        Object.entries(results).map(([result, value]) => ({ labels: { store, result }, value })),
      ),
      tessera_database_call_duration_seconds: all.map(([store, { durations }]) => ({
        labels: { store },
        value: durations,
      })),
    }
  }

  #count(calls: StoreCalls, call: () => unknown): unknown {
    const startedAt = this.#monotonic()
    const end = (result: Result): void => {
      calls.durations.add(this.#monotonic() - startedAt)
      calls.results[result] += 1
    }
    const fail = (error: unknown): never => {
      end(error instanceof StorageUnavailable ? 'unavailable' : 'error')
      throw error
    }
    try {
      const answer = call()
      if (!(answer instanceof Promise)) {
        end('ok')
        return answer
      }
      return answer.then((value: unknown) => {
        end('ok')
        return value
      }, fail)
    } catch (error) {
      return fail(error)
    }
  }
}
