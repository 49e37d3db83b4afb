/**
 * A person's mistake in an option, a file or a key. The message says in one line what is wrong and how to mend it. A command
 * prints only that line.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  /** The kind of the mistake, which decides the exit code of a command and the status of an answer. */
  readonly kind: MistakeKind = 'invalid'
}

/**
 * `usage`: the command line is wrong. `refused`: the person or program may not do it, or has not confirmed it. `conflict`: it does
 * not fit the present state.
 */
export type MistakeKind = 'invalid' | 'usage' | 'not_found' | 'refused' | 'conflict'

/** The command line or a value in it is wrong, and nothing was tried. */
export class UsageError extends UserError {
  override readonly kind = 'usage'
}

/** Names something that does not exist, or that the reader may not see. */
export class NotFound extends UserError {
  override readonly kind = 'not_found'
}

/** Asks for something that the person or program may not do, or has not confirmed. */
export class NotAllowed extends UserError {
  override readonly kind = 'refused'
}

/** Asks for a change that does not fit the present state. */
export class Conflict extends UserError {
  override readonly kind = 'conflict'
}

/** The value of one field is wrong. */
export class FieldError extends UserError {
  /** The field, from the outermost to the innermost name or index. */
  readonly path: readonly PropertyKey[]

  constructor(path: readonly PropertyKey[], message: string) {
    super(message)
    this.path = path
  }
}

/** A message lists this many mistakes, and counts the others. */
const MOST_SHOWN = 50

/** Several mistakes, a line each. */
export class Mistakes extends UserError {
  readonly all: readonly string[]
  /** The lines of the message. Text that a mistake quotes may contain line ends, which must not look like these. */
  readonly lines: readonly string[]

  constructor(all: readonly string[]) {
    const more = all.length > MOST_SHOWN ? [`and ${all.length - MOST_SHOWN} more`] : []
    const listed = [...all.slice(0, MOST_SHOWN), ...more]
    const lines = all.length === 1 ? listed : [`${all.length} mistakes:`, ...listed.map((mistake) => `  ${mistake}`)]
    super(lines.join('\n'))
    this.all = all
    this.lines = lines
  }
}

/** Collects mistakes, so that one message can list all of them. */
export class MistakeList {
  readonly all: string[] = []

  add(message: string): void {
    this.all.push(message)
  }

  /** Runs `work`. If it throws a UserError, the error is added to the list. @returns undefined in that case */
  take<Result>(work: () => Result): Result | undefined {
    try {
      return work()
    } catch (error) {
      this.note(error)
      return undefined
    }
  }

  /** Adds a UserError to the list. Any other error is thrown again. */
  note(error: unknown): void {
    if (!(error instanceof UserError)) throw error
    // A call with hundreds of thousands of arguments would fail.
    for (const one of error instanceof Mistakes ? error.all : [error.message]) this.all.push(one)
  }

  /** @throws Mistakes if the list is not empty */
  refuse(): void {
    if (this.all.length > 0) throw new Mistakes(this.all)
  }
}
