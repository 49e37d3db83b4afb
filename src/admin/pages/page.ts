import { hash } from 'node:crypto'
import type { HttpResponse } from '../../http/message.ts'
import { NEVER_STORED } from '../../http/respond.ts'
import { html, type Markup, raw } from './html.ts'
import { SCRIPT, STYLE } from './style.ts'

const sourceOf = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`

/** Nothing is loaded from anywhere, nothing runs but the one script, no other site may frame a page, and forms lead here only (CSP Level 3). */
const POLICY = `default-src 'none'; style-src ${sourceOf(STYLE)}; script-src ${sourceOf(SCRIPT)}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`

/** The headers of every page. The referrer policy is not `no-referrer`, with which browsers send `Origin: null` (Fetch §3.1). */
export const SAFE_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  ...NEVER_STORED,
} as const

interface Page {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  readonly cookie?: string | undefined
  /** A local path to go on to by itself. */
  readonly refresh?: string
}

/** A page. */
export const page = ({ title, body, status = 200, cookie, refresh }: Page): HttpResponse => ({
  status,
  headers: {
    ...SAFE_HEADERS,
    'Content-Security-Policy': POLICY,
    'Content-Type': 'text/html; charset=utf-8',
    ...(cookie !== undefined && { 'Set-Cookie': cookie }),
  },
  body: html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${refresh !== undefined && html`<meta http-equiv="refresh" content="0; url=${refresh}">`}
<title>${title} · Tessera</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M3 4.5 14.2 3l.6 11.4L3.6 15z"/><path d="m17.4 3.4 11 .9-.8 10.9-10.8-.6z" opacity=".55"/><path d="m3.4 17.6 11.2-.8-.4 12L4 28z" opacity=".8"/><path d="m17.2 17.4 10.6.4.9 10.6-11.9.4z" fill="#d08b2c"/></svg>Tessera</header>
<main>
<h1>${title}</h1>
${body}
</main>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`.html,
})

/** Sends the browser to another page after a POST (RFC 9110 §15.4.4). @param to a local path, or an address of the provider */
export const seeOther = (to: string, cookie?: string): HttpResponse => ({
  status: 303,
  headers: {
    ...SAFE_HEADERS,
    'Content-Security-Policy': POLICY,
    Location: to,
    ...(cookie !== undefined && { 'Set-Cookie': cookie }),
  },
  body: '',
})

/** A problem, read out at once by a screen reader. */
export const problemNote = (text: string | undefined): Markup | undefined =>
  text === undefined ? undefined : html`<p class="note bad" role="alert">${text}</p>`

/** A sentence for a page: the words of a refusal begin small, since they follow a name at a command line. */
export const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

interface Field {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly type?: 'text' | 'password'
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly isOptional?: true
  readonly isCode?: true
}

/** A labelled field. */
export const field = ({ name, label, hint, type = 'text', autocomplete, value, isOptional, isCode }: Field): Markup =>
  html`<div><label for="${name}">${label}${hint !== undefined && html`<small>${hint}</small>`}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}"${value !== undefined && html` value="${value}"`}${isCode === true && raw(' class="code"')}${isOptional !== true && raw(' required')} maxlength="1024" spellcheck="false" autocapitalize="none"></div>`

export const hidden = (name: string, value: string | undefined): Markup | undefined =>
  value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}">`
