/** Finds circles in a graph. Each is returned once, as the names along it, with the first name repeated at its end. */
export function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const circles: string[][] = []
  const done = new Set<string>()
  const path: string[] = []

  function visit(name: string): void {
    const start = path.indexOf(name)
    if (start >= 0) circles.push([...path.slice(start), name])
    if (start >= 0 || done.has(name)) return
    path.push(name)
    for (const next of graph.get(name) ?? []) visit(next)
    path.pop()
    done.add(name)
  }

  for (const name of graph.keys()) visit(name)
  return circles
}
