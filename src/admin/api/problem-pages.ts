import type { HttpResponse, Routes } from '../../http/message.ts'
import { pageOf, problemNames, problemTypes } from './problem-types.ts'

/** A page runs and loads nothing. */
const PAGE_HEADERS = {
  'Content-Type': 'text/html;charset=UTF-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const

/** A page for each kind of problem, which its `type` opens. The pages hold no data. */
export const problemPages: Routes = Object.fromEntries(
  problemNames.map((name) => [
    pageOf(name),
    { GET: (): HttpResponse => ({ status: 200, headers: PAGE_HEADERS, body: problemPage(name) }) },
  ]),
)

function problemPage(name: (typeof problemNames)[number]): string {
  const { status, title, page } = problemTypes[name]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} (${status})</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
main { max-width: 40rem; margin: 15vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0 1rem }
code, small { font-family: ui-monospace, monospace; opacity: .7 }
</style>
<main>
<small>${status}</small>
<h1>${title}</h1>
<p>${page}</p>
<p><code>${pageOf(name)}</code></p>
</main>
</html>
`
}
