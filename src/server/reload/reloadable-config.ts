import type { Config } from '../../config/resolve.ts'
import { changedOptions } from './plan.ts'
import { liveOptions, type RunningParts } from './table.ts'

/** The configuration in force. */
export class ReloadableConfig {
  #current: Config

  constructor(config: Config) {
    this.#current = config
  }

  get current(): Config {
    return this.#current
  }

  /**
   * Puts another configuration in force: all of it or, if any validation throws, nothing. Calls must not overlap.
   * @param next as `planReload` makes it
   */
  async reload(next: Config, parts: RunningParts): Promise<void> {
    const changed = changedOptions(this.#current, next)
    const validations = new Set(changed.flatMap((key) => liveOptions.get(key)?.validate ?? []))
    const applies = await Promise.all([...validations].map(async (validate) => validate(next, parts)))
    this.#current = next
    for (const apply of applies) apply()
  }
}
