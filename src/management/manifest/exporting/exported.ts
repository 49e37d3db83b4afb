/** An API or a client as an entry of a manifest. */
export interface Exported {
  /** Without the fields that equal their defaults; undefined if its record can't be read. */
  readonly entry: Readonly<Record<string, unknown>> | undefined
  /** The manifest that owns it; undefined if none does. */
  readonly manifest: string | undefined
  readonly notes: readonly Note[]
}

/** Something that a manifest can't say, for people. */
export interface Note {
  /** The index of the credential that it is about; undefined if it is about the whole entry. */
  readonly credential?: number
  readonly text: string
}

/** The entry that stands for a record that can't be read. */
export const leftOut = (
  kind: 'API' | 'client',
  { id, problem, manifest }: { readonly id: string; readonly problem: string; readonly manifest?: string | undefined },
): Exported => ({
  entry: undefined,
  manifest,
  notes: [{ text: `the ${kind} ${JSON.stringify(id)} is left out: its record can't be read (${problem})` }],
})
