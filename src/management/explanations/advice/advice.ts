/**
 * The kinds of remedies: a command to run; lines of the manifest, in the entry of the client or of the API; an option of the
 * configuration, with its dots; a part of the request that the client must send.
 */
export const remedyKinds = ['command', 'client', 'api', 'setting', 'request'] as const

/** A step that mends the cause of a refusal. */
export interface Remedy {
  /** One sentence without its full stop. */
  readonly text: string
  readonly kind: (typeof remedyKinds)[number]
  /** The command, the lines, the option and its value, or the part of the request. */
  readonly value: string
  /** The call that does the same; undefined if no call can, or if it needs something that only a person knows. */
  readonly action?: Action
}

/** A call of the admin API. */
export interface Action {
  /** The id of the operation, such as `clients.enable`. */
  readonly operation: string
  /** The parameters of its path. */
  readonly path: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
}

/** A comparison of what was expected with what came. */
export interface Check {
  readonly check: string
  readonly passed: boolean
  readonly expected: string
  readonly received: string
  readonly note?: string
}

/** The advice on one refusal. */
export interface Advice {
  /** Sentences that say in words what the facts mean. */
  readonly notes?: readonly string[]
  readonly checks?: readonly Check[]
  /** A name that the client sent, and the one that it most likely meant. */
  readonly meant?: readonly { readonly sent: string; readonly meant: string }[]
  /** At least one. */
  readonly remedies: readonly [Remedy, ...Remedy[]]
}
