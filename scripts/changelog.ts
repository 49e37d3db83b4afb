/** A version of CHANGELOG.md. */
export interface Version {
  /** `Unreleased`, or a semantic version. */
  readonly name: string
  /** `2027-01-31`; undefined for what is unreleased. */
  readonly date: string | undefined
  /** The entries under each heading, each in one line. */
  readonly sections: ReadonlyMap<string, readonly string[]>
}

/** The headings of a version, in their order. */
export const SECTIONS = ['Before you upgrade', 'Added', 'Changed', 'Removed', 'Fixed', 'Security'] as const

/** Reads a changelog of the form of https://keepachangelog.com. @throws Error that names the first line that has another form */
export function readChangelog(text: string): readonly Version[] {
  const versions: { name: string; date: string | undefined; sections: Map<string, string[]> }[] = []
  let entries: string[] | undefined
  for (const [at, line] of text.split('\n').entries()) {
    const [, name, date] = /^## (Unreleased|\d+\.\d+\.\d+)(?: - (\d{4}-\d\d-\d\d))?$/.exec(line) ?? []
    const [, heading] = /^### (.+)$/.exec(line) ?? []
    const version = versions.at(-1)
    if (name !== undefined && (name === 'Unreleased') === (date === undefined)) {
      versions.push({ name, date, sections: new Map() })
      entries = undefined
    } else if (
      version !== undefined &&
      SECTIONS.some((one) => one === heading) &&
      !version.sections.has(heading ?? '')
    ) {
      entries = []
      version.sections.set(heading ?? '', entries)
    } else if (entries !== undefined && line.startsWith('- ')) entries.push(line.slice(2))
    else if (entries?.length && line.startsWith('  ')) entries.push(`${entries.pop()} ${line.trim()}`)
    else if (line !== '' && !(at === 0 && line === '# Changelog'))
      throw new Error(`CHANGELOG.md:${at + 1}: is no version, heading or entry: ${line}`)
  }
  return versions
}
