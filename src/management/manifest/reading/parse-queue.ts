import { Conflict } from '../../../platform/user-error.ts'
import { type ManifestFile, type ParsedManifest, parseManifests } from './parse.ts'
import { isLarge, parseManifestsAside } from './parse-aside.ts'

/** The most large manifests that are held: the one that is being parsed, and those that wait. */
const MOST_HELD = 8
/** Megabytes of the thread. They suffice for 25,000 clients; a megabyte of empty lists would take twice as many. */
const MEMORY = 256

/**
 * Parses the manifests of requests. Large ones are parsed one after another, so that any number of them takes one core, and the memory
 * of one.
 */
export class ManifestParser {
  #last: Promise<unknown> = Promise.resolve()
  #held = 0

  /** @throws Mistakes as `parseManifests` does, or Conflict if too many wait */
  async parse(files: readonly ManifestFile[]): Promise<ParsedManifest> {
    if (!isLarge(files)) return parseManifests(files)
    if (this.#held >= MOST_HELD)
      throw new Conflict('too many large manifests are being read: try again in some seconds')
    this.#held += 1
    const parsing = this.#last.then(() => parseManifestsAside(files, undefined, MEMORY))
    this.#last = parsing
      .catch(() => {})
      .finally(() => {
        this.#held -= 1
      })
    return parsing
  }
}
