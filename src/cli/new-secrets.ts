import { printSurely, say } from './output.ts'

/**
 * Does what makes secrets, which are shown before they count: one that can't be shown is not made.
 * @param work is handed what shows a text that has secrets in it, and throws where that could not be written
 */
export async function withNewSecrets<Result>(work: (show: (text: string) => void) => Promise<Result>): Promise<Result> {
  let isShown = false
  try {
    return await work((text) => {
      printSurely(text)
      isShown = true
    })
  } catch (error) {
    if (isShown)
      say(
        'The command failed after it had shown new secrets: they count only if `tessera credentials list` names them.',
      )
    throw error
  }
}
