import type { CustomFetchOptions } from 'openid-client'

/** A `fetch` that keeps the text of the last answer, since the library passes on only the parsed result. */
export function listeningFetch(send: (url: string, options: CustomFetchOptions) => Promise<Response> = nodeFetch) {
  let answer = ''
  return {
    fetch: async (url: string, options: CustomFetchOptions): Promise<Response> => {
      const response = await send(url, options)
      answer = await response.clone().text()
      return response
    },
    /** The unchanged text of the last answer. */
    get lastAnswer() {
      return answer
    },
  }
}

const nodeFetch = (url: string, { body, ...options }: CustomFetchOptions): Promise<Response> =>
  fetch(url, body === undefined ? options : { ...options, body })
