import type { Draft } from './draft.ts'

interface ImportOptions {
  /** The audience of scopes for which the export names none. */
  readonly audience: string | undefined
}

/**
 * Reads an export into a draft.
 * @param parsed the export, as `JSON.parse` returns it
 * @throws UserError if it is no export of the system
 */
export type Importer = (parsed: unknown, draft: Draft, options: ImportOptions) => void
