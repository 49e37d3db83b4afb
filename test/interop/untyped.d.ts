/** Types for the tested parts of libraries that have none. */

declare module 'simple-oauth2' {
  interface Options {
    readonly client: { readonly id: string; readonly secret: string }
    readonly auth: { readonly tokenHost: string; readonly tokenPath: string }
    readonly options: {
      readonly authorizationMethod?: 'header' | 'body'
      readonly credentialsEncodingMode?: 'strict' | 'loose'
      readonly bodyFormat?: 'form' | 'json'
    }
  }

  export class ClientCredentials {
    constructor(options: Options)
    getToken(parameters: { readonly scope: string }): Promise<{
      readonly token: { readonly access_token: string }
      expired(): boolean
    }>
  }
}

declare module 'express' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  namespace express {
    interface Request extends IncomingMessage {
      readonly body: unknown
    }
    interface Response extends ServerResponse {
      json(body: unknown): this
    }
    type Handler = (request: Request, response: Response, next: (error?: unknown) => void) => unknown
    type RequestHandler = Handler
    interface Router {
      use(...handlers: (Handler | Router)[]): this
      get(path: string, ...handlers: Handler[]): this
      post(path: string, ...handlers: Handler[]): this
    }
    interface Express extends Router, RequestListener {}
  }

  function express(): express.Express
  export = express
}
