import type { MakingContext } from '../../management/credentials/make.ts'
import { type ApplyInput, applyManifest } from '../../management/manifest/apply.ts'
import { lookAtFiles } from '../../management/manifest/files/look.ts'
import type { Plan } from '../../management/manifest/plan.ts'
import type { ChangeStore } from '../../model/changes/change.ts'
import type { Logger } from '../../observability/log.ts'
import type { Clock } from '../../platform/clock.ts'
import { Mistakes, UserError } from '../../platform/user-error.ts'
import { type FileSet, type HashedFile, readFileSet } from './file-set.ts'
import { requireServable } from './servable.ts'
import { type LastServed, lastServed, servedFacts } from './served-events.ts'

/** How often the files are looked at. A change counts once two looks have seen the same, so that a half-written set is left alone. */
export const LOOK_EVERY_MS = 250
/** How often clients and APIs are compared with the files, even if nothing seems to have changed. */
const COMPARE_EVERY_MS = 60_000
const RETRY_MS = 1_000
/** Comparing takes at most a twentieth of the time, however large the manifest is. */
const REST = 20

interface KeeperOptions {
  /** Paths of files and folders. */
  readonly names: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly changes: Pick<ChangeStore, 'latestChange'>
  /** The context of a change. @param hashes the SHA-256 of each file */
  readonly contextOf: (hashes: readonly string[]) => MakingContext
  /** A key that all servers of the database share. */
  readonly key: () => Promise<Buffer>
  readonly allowDestroy: () => boolean
  /** The settings for the tests of the manifest. */
  readonly settings: () => ApplyInput['server']
}

/** Keeps clients and APIs as the files of a manifest say. Calls must not overlap. */
export class ManifestKeeper {
  readonly #options: KeeperOptions
  /** The names of the manifests in force, and of those in the files that were read last. */
  #manifests: ReadonlySet<string> = new Set()
  #named: ReadonlySet<string> = new Set()
  #secretFiles: readonly string[] = []
  /** The last set of files without a mistake. */
  #lastRead: FileSet | undefined
  #seen = ''
  #actedOn = ''
  /** The number of the newest change at the last comparison. */
  #change = 0
  // Times of the monotonic clock, in milliseconds.
  #lookAt = 0
  #retryAt = 0
  #restUntil = 0
  #compareAt = 0
  /** The digest of the file set in force. */
  #inForce: string | undefined
  /** The last application by any server, when the model last was as the files say. */
  #known: LastServed | undefined
  /** The error for which the files are not in force. */
  #refused: UserError | undefined
  #warnings = ''
  #appliedAt: number | undefined
  /** The files in force. */
  #files: readonly HashedFile[] = []

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** The manifests that nobody else may change. */
  get manifests(): ReadonlySet<string> {
    return new Set([...this.#manifests, ...this.#named])
  }

  /** Why clients and APIs are not as the files say; undefined if they are. */
  get problem(): string | undefined {
    return this.#refused?.message
  }

  /** The same, a line for each mistake; at most 50. */
  get mistakes(): readonly string[] {
    return this.#refused === undefined ? [] : mistakesOf(this.#refused)
  }

  /** The files in force, as they were read. */
  get files(): readonly HashedFile[] {
    return this.#files
  }

  /** When clients and APIs were last as the files say, in milliseconds; undefined if they never were. */
  get appliedAt(): number | undefined {
    return this.#appliedAt
  }

  /** Applies the files for the first time. @throws UserError if they are refused and `isEmpty`: there is no older state to serve */
  async start(isEmpty: boolean): Promise<void> {
    const look = await this.#look()
    const refused = await this.#compare(await this.#read(), look)
    if (refused !== undefined && isEmpty) throw refused
  }

  /** Makes the next `check` compare, whether or not something has changed. */
  compareSoon(): void {
    this.#compareAt = 0
  }

  /** Acts if the files have changed and settled, if others have changed the model, or if a comparison is due. */
  async check(): Promise<void> {
    const begun = this.#now()
    if (begun < this.#lookAt) return
    const look = await this.#look()
    // Looking takes at most half the time, however many files there are.
    this.#lookAt = 2 * this.#now() - begun
    const isSettled = look === this.#seen
    this.#seen = look
    if (!isSettled || this.#now() < this.#retryAt || !(look !== this.#actedOn || (await this.#isDue()))) return
    this.#retryAt = this.#now() + RETRY_MS
    const beside = this.#secretFiles
    const set = await this.#read()
    // Files that changed while they were read may not fit together.
    if ((await this.#look(beside)) === look) await this.#compare(set, look)
  }

  async #isDue(): Promise<boolean> {
    const now = this.#now()
    if (now >= this.#compareAt) return true
    return now >= this.#restUntil && this.#change !== (await this.#options.changes.latestChange())
  }

  /** @returns the error if the files have mistakes */
  async #read(): Promise<FileSet | UserError> {
    const { names, env, key } = this.#options
    const set = await orRefusal(readFileSet(names, { env, key: await key(), before: this.#lastRead }))
    if (!(set instanceof UserError)) {
      this.#lastRead = set
      this.#secretFiles = set.secretFiles
      this.#named = new Set(set.parsed.manifest.names)
    }
    return set
  }

  /** @param look the state of the files before they were read, so that a change since then leads to another comparison @returns the error for which they were refused */
  async #compare(set: FileSet | UserError, look: string): Promise<UserError | undefined> {
    const begun = this.#now()
    // A change of the model from now on leads to another comparison.
    const change = await this.#options.changes.latestChange()
    const refused = set instanceof UserError ? set : await orRefusal(this.#bringInForce(set))
    const now = this.#now()
    this.#seen = look
    this.#actedOn = look
    this.#change = change
    this.#retryAt = 0
    this.#restUntil = now + (now - begun) * REST
    this.#compareAt = now + Math.max(COMPARE_EVERY_MS, (now - begun) * REST)
    this.#note(refused)
    return refused
  }

  /** @throws UserError if the files are refused @returns it if others have applied other files */
  async #bringInForce(set: FileSet): Promise<UserError | undefined> {
    const context = this.#options.contextOf(set.files.map(({ sha256 }) => sha256))
    const known = await lastServed(context.store.audit, this.manifests)
    const isDrift = set.digest === this.#inForce
    if (isDrift && known !== undefined && known.digest !== set.digest && known.seq !== this.#known?.seq) {
      const { steps } = await this.#apply(context, set, true)
      if (steps.some(({ action }) => action !== 'unchanged')) return OTHER_FILES
    }
    this.#say(await this.#apply(context, set, false), isDrift)
    this.#inForce = set.digest
    this.#known = known
    this.#files = set.files
    this.#manifests = this.#named
    return undefined
  }

  #apply(context: MakingContext, { parsed, source, digest }: FileSet, dryRun: boolean): Promise<Plan> {
    // A manifest whose last file has gone owns things until these are deleted.
    const names = [...this.manifests]
    const allowDestroy = this.#options.allowDestroy()
    return applyManifest(context, {
      parsed: { ...parsed, manifest: { ...parsed.manifest, names } },
      source,
      server: this.#options.settings(),
      dryRun,
      prune: true,
      allowDestroy,
      detail: servedFacts(names, digest),
      check: (plan) => requireServable(plan, { parsed, allowDestroy }),
    })
  }

  #look(beside = this.#secretFiles): Promise<string> {
    return lookAtFiles(this.#options.names, beside)
  }

  #now(): number {
    return this.#options.clock.monotonic()
  }

  #say({ steps, warnings }: Plan, isDrift: boolean): void {
    const { log } = this.#options
    const changed = steps.filter(({ action }) => action !== 'unchanged')
    const listed = changed.slice(0, MOST_LOGGED).map(({ action, kind, id }) => ({ action, kind, id }))
    const facts = { manifests: [...this.manifests], changes: changed.length, first: listed }
    if (changed.length > 0 && isDrift) log.warn(facts, 'others had changed what the manifest owns, and it was restored')
    else if (changed.length > 0) log.info(facts, 'applied the files of the manifest')
    const said = warnings.join('\n')
    if (said !== '' && said !== this.#warnings)
      log.warn({ warnings: warnings.slice(0, MOST_LOGGED) }, 'the files of the manifest may have mistakes')
    this.#warnings = said
  }

  /** Notes whether the files are in force, and logs the same refusal once. */
  #note(refused: UserError | undefined): void {
    const { log, clock } = this.#options
    const before = this.problem
    this.#refused = refused
    if (refused === undefined) this.#appliedAt = clock.now()
    if (refused === undefined && before !== undefined) log.info('the files of the manifest are in force again')
    if (refused === undefined || refused.message === before) return
    log.error(
      { mistakes: mistakesOf(refused) },
      'the files of the manifest were refused, and clients and APIs stay as they were',
    )
  }
}

const mistakesOf = (refused: UserError): readonly string[] =>
  (refused instanceof Mistakes ? refused.all : refused.message.split('\n')).slice(0, MOST_LOGGED)

/** @returns the UserError instead of throwing it; any other error is thrown */
const orRefusal = <Result>(work: Promise<Result>): Promise<Result | UserError> =>
  work.catch((error: unknown) => {
    if (error instanceof UserError) return error
    throw error
  })

/** Mistakes, warnings and changes in one line of the log. */
const MOST_LOGGED = 50

const OTHER_FILES = new UserError(
  'another server has applied other files since: give all servers the same files. This one leaves clients and APIs as they are',
)
