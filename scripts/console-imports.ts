const ROW = /^\| `src\/(\w+)` \|.*\| ([^|]+) \|$/gm

/** The parts of a path below `console/src`: its folder, and the feature if it is in one. */
function placeOf(file: string): { readonly folder: string; readonly feature: string | undefined } {
  const [folder = '', feature] = file.slice('console/src/'.length).split('/')
  return { folder, feature: folder === 'features' ? feature : undefined }
}

/**
 * The imports between files of the console that the table of its README does not allow, and those between features.
 * @param imports by file, such as `console/src/api/me.ts`
 */
export function badImportsOfConsole(
  readme: string,
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const rules = new Map(
    [...readme.matchAll(ROW)].map(([, folder = '', words = '']) => [
      folder,
      { anything: words === 'everything', folders: [...words.matchAll(/`(\w+)`/g)].map(([, name = '']) => name) },
    ]),
  )
  const badOf = (file: string, to: string): readonly string[] => {
    const [from, target] = [placeOf(file), placeOf(to)]
    const rule = rules.get(from.folder)
    // A file beside the folders starts the page.
    if (from.folder.includes('.') || rule?.anything === true) return []
    if (rule === undefined) return [`console/README.md: has no row for src/${from.folder}, as ${file} needs`]
    if (from.folder !== target.folder && !rule.folders.includes(target.folder))
      return [`${file}: ${from.folder} may not import ${target.folder}`]
    return from.feature === target.feature || target.feature === undefined
      ? []
      : [`${file}: no feature may import another, such as ${target.feature}`]
  }
  return [...imports].flatMap(([file, targets]) => targets.flatMap((to) => badOf(file, to)))
}
