/**
 * The fate of a field. `mapped`: the manifest has it. `differs`: the manifest has it, and Tessera does it in another way. `dropped`: the
 * manifest has nothing of it. `unknown`: the importer knows no such field, and the manifest has nothing of it.
 */
type Outcome = 'mapped' | 'differs' | 'dropped' | 'unknown'

interface Note {
  readonly outcome: Outcome
  /** The path of the field, such as `clients[].name`. */
  readonly path: string
  /** The path of the field of the manifest, or the reason. */
  readonly text: string
  /** The client or the API that has the field. */
  readonly subject: string
}

/** Equal notes about several clients or APIs. */
interface NoteGroup extends Omit<Note, 'subject'> {
  readonly count: number
  /** The first of the clients or APIs. */
  readonly subjects: readonly string[]
}

interface LeftOut {
  readonly client: string
  readonly reason: string
}

/** The clients or APIs that a group names. */
const MOST_NAMED = 10
/** Fields that the importer doesn't know are reported up to this number. The rest are counted. */
const MOST_GROUPS = 2_000

/** Everything that a report says of the fields of an export. Equal notes are gathered. */
export class Notes {
  readonly #groups = new Map<string, Note & { count: number; readonly subjects: string[] }>()
  readonly leftOut: LeftOut[] = []
  /** The number of notes that found no room. */
  omitted = 0

  add(note: Note): void {
    const key = JSON.stringify([note.outcome, note.path, note.text])
    const known = this.#groups.get(key)
    if (known === undefined && this.#groups.size >= MOST_GROUPS) {
      this.omitted += 1
      return
    }
    const group = known ?? { ...note, count: 0, subjects: [] }
    this.#groups.set(key, group)
    if (group.subjects.at(-1) === note.subject) return
    group.count += 1
    if (group.subjects.length < MOST_NAMED) group.subjects.push(note.subject)
  }

  get groups(): readonly NoteGroup[] {
    return [...this.#groups.values()].map(({ subject: _, ...group }) => group)
  }
}
