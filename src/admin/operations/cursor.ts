import { z } from 'zod'
import { InvalidParameters } from './input.ts'

/** Makes the place of a page unreadable and unforgeable, and reads it back. */
export interface Cursors {
  /** @param purpose the list and its filters: a cursor is valid for the same ones only. It gives its reader no entry that he may not see */
  seal(place: unknown, purpose: string): string
  /** @returns undefined if the text was not sealed for this purpose */
  open(cursor: string, purpose: string): unknown
}

/** The most entries of a page. */
const MOST = 200

/** The parameters of every list. */
export const pageParameters = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a number from 1 to 200')
    .transform(Number)
    .refine((count) => count <= MOST, 'must be a number from 1 to 200')
    .optional()
    .describe('The most entries of the page, 50 by default and at most 200.'),
  cursor: z.string().min(1).max(4_096).optional().describe('`next` of the page before.'),
} as const

const DEFAULT = 50

interface PageQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/** A page of a list. */
export interface Page<Entry> {
  readonly entries: readonly Entry[]
  /** The place after the last entry; undefined if there is no further entry. */
  readonly next: unknown
}

/** The cursor of a call, opened, and what is needed to make the next one. */
export function pageOf<Place extends z.ZodType>(
  cursors: Cursors,
  list: string,
  { limit = DEFAULT, cursor, ...filters }: PageQuery & Readonly<Record<string, unknown>>,
  place: Place,
) {
  const purpose = JSON.stringify([list, filters])
  return {
    limit,
    after: cursor === undefined ? undefined : readCursor(cursors, cursor, purpose, place),
    /** The body of the answer. */
    body: <Entry>({ entries, next }: Page<Entry>) => ({
      items: entries,
      ...(next !== undefined && { next: cursors.seal(next, purpose) }),
    }),
  }
}

function readCursor<Place extends z.ZodType>(
  cursors: Cursors,
  cursor: string,
  purpose: string,
  place: Place,
): z.output<Place> {
  const parsed = place.safeParse(cursors.open(cursor, purpose))
  if (parsed.success) return parsed.data
  throw new InvalidParameters([
    { parameter: 'cursor', detail: 'is not from a page of this list with these filters: begin again without it' },
  ])
}
