/** A step that mends the cause of a refusal. */
export interface Remedy {
  /** One sentence without its full stop. */
  readonly text: string
  readonly kind: /** A command to run. */
    | 'command'
    /** Lines of the manifest, in the entry of the client. */
    | 'client'
    /** Lines of the manifest, in the entry of the API. */
    | 'api'
    /** An option of the configuration, with its dots. */
    | 'setting'
    /** A part of the request that the client must send. */
    | 'request'
  /** The command, the lines, the option and its value, or the part of the request. */
  readonly value: string
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
