import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../src/config/resolve.ts'
import { runTessera } from './program.ts'

/** Runs a command on the database of a server. Calls must not overlap. */
export async function runOn(
  config: Config,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): ReturnType<typeof runTessera> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-people-'))
  const file = join(folder, 'tessera.yaml')
  writeFileSync(
    file,
    `storage: ${config.storage}\nadmin:\n  port: ${config.admin.port}\ntls:\n  cert: ${config.tls.cert}\n`,
  )
  try {
    return await runTessera([...args, '--config', file], env, input)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A browser, as far as the pages for people need one: it keeps cookies, and sends what browsers send with forms. */
export class Visitor {
  readonly #origin: string
  readonly #cookies = new Map<string, string>()
  /** The last page. */
  page = ''

  constructor(origin: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#origin = origin
    this.#cookies = new Map(cookies)
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies
  }

  /** Another window of the same browser. */
  clone(): Visitor {
    return new Visitor(this.#origin, this.#cookies)
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#take(
      await fetch(this.#origin + path, { redirect: 'manual', headers: { cookie: this.#header(), ...headers } }),
    )
  }

  /**
   * Sends a form of a page. The CSRF token of the last page goes with it, unless the form has another.
   * @param headers a blank one is not sent
   */
  async post(
    path: string,
    form: Readonly<Record<string, string>> | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(this.page)?.[1]
    const body = typeof form === 'string' ? form : new URLSearchParams({ ...(csrf && { csrf }), ...form }).toString()
    const sent = {
      cookie: this.#header(),
      'content-type': 'application/x-www-form-urlencoded',
      origin: this.#origin,
      'sec-fetch-site': 'same-origin',
      ...headers,
    }
    const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== ''))
    return this.#take(await fetch(this.#origin + path, { method: 'POST', redirect: 'manual', body, headers: given }))
  }

  /** The value of a hidden field of the last page. */
  hidden(name: string): string {
    return new RegExp(`name="${name}" value="([^"]+)"`).exec(this.page)?.[1] ?? ''
  }

  /** The problem that the last page shows. */
  get problem(): string | undefined {
    return /role="alert">([^<]*)</.exec(this.page)?.[1]
  }

  #header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #take(response: Response): Promise<Response> {
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (/Max-Age=0/.test(set)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    this.page = await response.clone().text()
    return response
  }
}
