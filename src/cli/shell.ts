/** A word as a shell takes it. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
