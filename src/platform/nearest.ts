/** Words that differ in more letters than this are different words. */
const MOST_AMISS = 3

/** Guesses which of the words was meant by an unknown one; undefined if none is near, as for most short words. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const allowed = Math.min(MOST_AMISS, Math.max(1, Math.floor(given.length / 3)))
  // Text that is far longer than any word matches none of them, and would take long to compare.
  const candidates = words.filter((word) => Math.abs(word.length - given.length) <= allowed)
  const ranked = candidates.map((word) => ({ word, distance: editDistance(given, word) }))
  const [best] = ranked.sort((one, other) => one.distance - other.distance)
  return best !== undefined && best.distance <= allowed ? best.word : undefined
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row[to.length] ?? 0
}
