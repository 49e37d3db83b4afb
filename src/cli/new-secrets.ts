import { printSurely, say } from './output.ts'

/**
 * Runs work that makes secrets. Each secret is shown before it takes effect; if it can't be shown, it is not made.
 * @param work gets a function that shows a text with secrets, and throws if that can't be written
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
        'The command failed after it had shown new secrets: they are valid only if `tessera credentials list` names them.',
      )
    throw error
  }
}
