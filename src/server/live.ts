import type { Config } from '../config/resolve.ts'

/** Puts something in force; can't fail. */
type Commit = () => void
/** Checks what it needs of the next configuration. Throws where that can't be put in force. */
type Prepare = (next: Config) => Commit | Promise<Commit>

/** The configuration in force, and who must be told when another is to be. */
export class LiveConfig {
  #current: Config
  readonly #followers: Prepare[] = []

  constructor(config: Config) {
    this.#current = config
  }

  get current(): Config {
    return this.#current
  }

  follow(prepare: Prepare): void {
    this.#followers.push(prepare)
  }

  /** Puts another in force, all of it or, where that throws, nothing. One at a time. @param next as `planReload` makes it */
  async reload(next: Config): Promise<void> {
    const commits = await Promise.all(this.#followers.map(async (prepare) => prepare(next)))
    this.#current = next
    for (const commit of commits) commit()
  }
}
