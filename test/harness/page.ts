import { readFileSync } from 'node:fs'

/** A block of code in a page. */
export interface Block {
  /** The word after the fence, such as `sh`. */
  readonly language: string
  readonly text: string
}

/** The blocks of code in a page, in order. @param path from the root of the repository */
export const blocksOf = (path: string): readonly Block[] =>
  [...readFileSync(path, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
