import type { CustomFetchOptions } from 'openid-client'

/** A `fetch` that keeps the text of the last answer, since the library passes on only the parsed result. */
export function listeningFetch() {
  let answer = ''
  return {
    fetch: async (url: string, { body, ...options }: CustomFetchOptions): Promise<Response> => {
      const response = await fetch(url, body === undefined ? options : { ...options, body })
      answer = await response.clone().text()
      return response
    },
    /** The unchanged text of the last answer. */
    get lastAnswer() {
      return answer
    },
  }
}
