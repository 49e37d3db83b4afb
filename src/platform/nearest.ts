/** The most letters in which a misspelt word may differ from the word that was meant. */
const MOST_AMISS = 3

/** Finds the word that an unknown word most likely stands for. Undefined if none is near, as for most short words. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const allowed = Math.min(MOST_AMISS, Math.max(1, Math.floor(given.length / 3)))
  // A far longer text can't match any word, and comparing it would take long.
  const candidates = words.filter((word) => Math.abs(word.length - given.length) <= allowed)
  const ranked = candidates.map((word) => ({ word, distance: editDistance(given, word) }))
  const [best] = ranked.sort((one, other) => one.distance - other.distance)
  return best !== undefined && best.distance <= allowed ? best.word : undefined
}

/** Levenshtein's distance, with two letters in the wrong order as one difference. */
function editDistance(from: string, to: string): number {
  const letters = [...from]
  const others = [...to]
  let previous: readonly number[] = []
  let row: readonly number[] = Array.from({ length: others.length + 1 }, (_, index) => index)
  for (const [i, letter] of letters.entries()) {
    const next = [i + 1]
    for (const [j, other] of others.entries()) {
      const isSwapped = letter === others[j - 1] && letters[i - 1] === other
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + (letter === other ? 0 : 1),
          isSwapped ? (previous[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    previous = row
    row = next
  }
  return row[others.length] ?? 0
}
