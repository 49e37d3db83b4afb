import { requestReferenceIn } from '../management/explanations/reference.ts'

/** The request id in text that a person copied. Text without an id is returned as it is. */
export const requestIdIn = (text: string): string => {
  const found = requestReferenceIn(text)
  return found?.kind === 'request' ? found.id : text.trim()
}
