/**
 * A mistake in what a person gave us: an option, a file, a key. Its message says in one line what is wrong and how to
 * mend it; a command prints that line and nothing more.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
}
