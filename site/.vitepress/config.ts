import { createHash } from 'node:crypto'
import { renderMermaidSVG } from 'beautiful-mermaid'
import { defineConfig } from 'vitepress'
import { anchorOf } from '../../scripts/site/anchors.ts'
import { sectionsOf, sitePages } from '../../scripts/site/pages.ts'

/** The colours of a diagram are those of the page around it. */
const SCHEMES = {
  light: { bg: '#ffffff', fg: '#1b2726', accent: '#0f6b66', line: '#5c6f6d' },
  dark: { bg: '#1b1b1f', fg: '#dfe9e8', accent: '#5bb8ad', line: '#8fa3a1' },
}

/** A diagram as two images, of which the page shows one. They need no script in the browser. */
function diagram(source: string): string {
  const images = Object.entries(SCHEMES).map(([scheme, colors]) => {
    // The library asks for a font of another host.
    const svg = renderMermaidSVG(source, { ...colors, font: 'system-ui' }).replaceAll(/@import url\([^)]*\);/g, '')
    return `<img class="${scheme}-only" alt="A diagram of the text around it" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`
  })
  return `<p class="diagram">${images.join('')}</p>\n`
}

/** Lets the page run its own scripts and no others, and load nothing from another host. */
function withPolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => script,
  )
  const hashes = inline.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    // The colours of code are attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html.replace('<head>', `<head><meta http-equiv="Content-Security-Policy" content="${policy}">`)
}

export default defineConfig({
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  base: process.env['SITE_BASE'] ?? '/',
  lang: 'en',
  title: 'Tessera',
  description: 'An OAuth 2.0 authorization server for machines.',
  head: [['link', { rel: 'icon', href: `${process.env['SITE_BASE'] ?? '/'}tessera.svg`, type: 'image/svg+xml' }]],
  metaChunk: true,
  // The index of the search is one chunk.
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  transformHtml: withPolicy,
  markdown: {
    theme: { light: 'github-light', dark: 'github-dark' },
    anchor: { slugify: anchorOf },
    config: (markdown) => {
      const { fence } = markdown.renderer.rules
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index]
        if (token?.info.trim() === 'mermaid') return diagram(token.content)
        return fence?.(tokens, index, ...rest) ?? ''
      }
    },
  },
  themeConfig: {
    logo: '/tessera.svg',
    nav: [
      { text: 'Contents', link: '/contents' },
      { text: 'Reference', link: '/reference/endpoints' },
    ],
    sidebar: sectionsOf(sitePages()).map(({ text, items }) => ({ text, items: [...items], collapsed: true })),
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: false, next: false },
  },
})
